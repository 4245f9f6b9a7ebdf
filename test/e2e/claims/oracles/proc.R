# What pROC says: Rscript proc.R FOLDER. Each FOLDER/*.csv has the columns y (0, 1), first, second; aSAH of pROC itself is written there, too, as
# pairs of its predictors. Prints a line a file and measure: name, measure, value.
suppressPackageStartupMessages(library(pROC))
folder <- commandArgs(trailingOnly = TRUE)[1]

data(aSAH)
predictors <- data.frame(s100b = aSAH$s100b, wfns = as.integer(aSAH$wfns), ndka = aSAH$ndka)
for (pair in list(c("s100b", "wfns"), c("s100b", "ndka"), c("wfns", "ndka"))) {
  rows <- data.frame(y = as.integer(aSAH$outcome == "Poor"), first = predictors[[pair[1]]], second = predictors[[pair[2]]])
  write.table(format(rows, digits = 17, trim = TRUE), file.path(folder, paste0("aSAH-", pair[1], "-", pair[2], ".csv")), sep = ",", quote = FALSE, row.names = FALSE)
}

say <- function(file, measure, value) cat(sprintf("%s %s %.17g\n", sub("\\.csv$", "", basename(file)), measure, value))
for (file in list.files(folder, pattern = "\\.csv$", full.names = TRUE)) {
  rows <- read.csv(file)
  first <- roc(rows$y, rows$first, levels = c(0, 1), direction = "<", quiet = TRUE)
  second <- roc(rows$y, rows$second, levels = c(0, 1), direction = "<", quiet = TRUE)
  paired <- roc.test(first, second, method = "delong", paired = TRUE)
  say(file, "aucFirst", as.numeric(auc(first)))
  say(file, "aucSecond", as.numeric(auc(second)))
  say(file, "varianceFirst", var(first, method = "delong"))
  say(file, "varianceSecond", var(second, method = "delong"))
  say(file, "covariance", cov(first, second, method = "delong"))
  say(file, "z", unname(paired$statistic))
  say(file, "p", paired$p.value)
  say(file, "lower", paired$conf.int[1])
  say(file, "upper", paired$conf.int[2])
}
cat(sprintf("versions pROC %s\n", packageVersion("pROC")))
