"""Classifiers of features: linear and kernel SVMs and nearest neighbours, with calibrated probabilities."""

from striate.classifiers.classifier import Classifier
from striate.classifiers.kernel_svm import KernelSVM
from striate.classifiers.knn import KNN
from striate.classifiers.linear_svm import LinearSVM

__all__ = ["CLASSIFIERS", "Classifier", "KNN", "KernelSVM", "LinearSVM"]

CLASSIFIERS: dict[str, type[Classifier]] = {
    "linear_svm": LinearSVM,
    "kernel_svm": KernelSVM,
    "knn": KNN,
}
