"""`python -m tests.convnet.pretrained.fetch SPEC`: name of the network and number of tensors, or code and sentence."""

import json
import sys

from striate.convnet.pretrained.pretrained_weights import pretrained
from striate.errors import StriateError

if __name__ == "__main__":
    try:
        found = pretrained(None, sys.argv[1])
        print(json.dumps([found.network.name, len(found.tensors)]))
    except StriateError as error:
        print(json.dumps([error.code, str(error)]))
