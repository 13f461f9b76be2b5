"""Formats of networks: readers and writers of YAML, JSON, Caffe, Keras, PyTorch source and TensorFlow 1."""
