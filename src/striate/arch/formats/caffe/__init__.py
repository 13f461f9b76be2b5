"""Caffe: networks as prototxt, solvers, and weights as caffemodel, read and written without Caffe."""

from striate.arch.formats.caffe.notes import caffe_notes
from striate.arch.formats.caffe.read import read_caffe
from striate.arch.formats.caffe.solver import Solver, read_solver
from striate.arch.formats.caffe.weights import read_caffemodel, write_caffemodel
from striate.arch.formats.caffe.write import write_caffe

__all__ = ["Solver", "caffe_notes", "read_caffe", "read_caffemodel", "read_solver", "write_caffe", "write_caffemodel"]
