# The three tables of nafld of the package survival, unchanged, as CSV in the folder named by the argument; prints the package's version.
library(survival)
folder <- commandArgs(trailingOnly = TRUE)[1]
tables <- list(nafld1 = nafld1, nafld2 = nafld2, nafld3 = nafld3)
for (name in names(tables)) write.csv(tables[[name]], file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
cat(as.character(packageVersion("survival")))
