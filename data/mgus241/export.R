# Writes mgus241.csv, the data set `mgus` of R's package survival, unchanged: Rscript data/mgus241/export.R FILE
library(survival)
write.csv(survival::mgus, commandArgs(trailingOnly = TRUE)[1], row.names = FALSE, na = "")
