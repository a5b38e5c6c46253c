"""The version of the product: of all four packages, which are released as one."""

VERSION = "0.1.0"
