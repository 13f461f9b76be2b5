"""Caffe: networks as prototxt, solvers, and weights as caffemodel, read and written without Caffe."""

from striate.arch.formats.caffe.caffemodel import read_caffemodel, write_caffemodel
from striate.arch.formats.caffe.ignored_fields import caffe_notes
from striate.arch.formats.caffe.prototxt_reader import read_caffe
from striate.arch.formats.caffe.prototxt_writer import write_caffe
from striate.arch.formats.caffe.solver import Solver, read_solver

__all__ = ["Solver", "caffe_notes", "read_caffe", "read_caffemodel", "read_solver", "write_caffe", "write_caffemodel"]
