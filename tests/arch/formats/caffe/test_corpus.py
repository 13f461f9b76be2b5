"""Every feed-forward vision network of BVLC Caffe, and the famous ones published for it: each volume and each count
as Caffe has them, by an arithmetic of its own (`arithmetic.py`) and by the numbers in print.
"""

from pathlib import Path

import pytest

from striate.arch import Volume
from striate.arch.formats.caffe import read_caffe, write_caffe
from striate.errors import NetworkError
from tests.arch.formats.caffe.arithmetic import recount
from tests.arch.formats.caffe.published import PUBLISHED

FOLDER = Path(__file__).parents[3] / "corpus" / "caffe"
CORPUS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.prototxt"))} | PUBLISHED
SMALL = {"lenet_train_test": Volume(1, 28, 28), "mnist_autoencoder": Volume(1, 28, 28)} | {
    name: Volume(3, 32, 32) for name in CORPUS if name.startswith("cifar10") and "train_test" in name}
# Parameters in print or counted by hand, not by either program.
COUNTS = {
    "lenet": 431_080, "lenet_train_test": 431_080, "bvlc_alexnet": 60_965_224, "bvlc_alexnet_train_val": 60_965_224,
    "bvlc_reference_caffenet": 60_965_224, "caffenet_full_conv": 60_965_224, "vgg16": 138_357_544,
    "vgg19": 143_667_240, "resnet50": 25_557_032 + 64,  # its conv1 has biases
    "resnet101": 44_549_160, "resnet152": 60_192_808, "squeezenet_1.0": 1_248_424, "squeezenet_1.1": 1_235_496,
    "mobilenet": 4_231_976, "bvlc_googlenet": 6_998_552, "bvlc_googlenet_train_val": 13_378_280,
    "cifar10_quick": 145_578, "cifar10_full": 89_578, "mnist_autoencoder": 2_837_314, "v1_cnn_s": 102_908_520,
    "bvlc_reference_rcnn_ilsvrc13": 60_965_224 - 800 * 4097, "finetune_flickr_style": 60_965_224 - 980 * 4097,
    "net_surgery_conv": 3 * 26,
}


def read(name: str, phase: str = "TEST"):
    return read_caffe(CORPUS[name], SMALL.get(name), phase)


@pytest.mark.parametrize("phase", ["TEST", "TRAIN"])
@pytest.mark.parametrize("name", [name for name in CORPUS if not name.startswith("v0")])
def test_every_volume_and_count_is_caffes(name, phase):
    if name == "mnist_autoencoder":
        phase = "TRAIN"  # its stages are beyond the second reader
    network = read(name, phase)
    shapes, counts = recount(CORPUS[name], list(SMALL[name]) if name in SMALL else None, phase)
    for node in network.nodes:
        caffe = shapes[node.name][1:]
        assert list(node.output) == caffe + [1] * (3 - len(caffe)), node.name
        assert node.parameters == counts[node.name], node.name
    left_out = set(shapes) - {node.name for node in network.nodes}
    assert left_out <= {"flatdata", "decode1neuron"}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_in_print(name):
    assert read(name).parameters == COUNTS[name]


@pytest.mark.parametrize("name", CORPUS)
def test_written_and_read_again(name):
    network = read(name)
    for phase in ("deploy", "train_val"):
        again = read_caffe(write_caffe(network, phase))
        assert again == (network.trunk if phase == "deploy" else network)
        assert again.name == network.name
        assert write_caffe(again, phase) == write_caffe(network, phase)


def test_pooling_rounds_up_as_in_caffe():
    network = read("cifar10_quick")
    assert [str(node.output) for node in network.nodes if node.layer.kind == "pool"] == ["32×16×16", "32×8×8", "64×4×4"]


def test_auxiliary_heads_of_googlenet():
    network = read("bvlc_googlenet_train_val")
    assert network.auxiliary == {"loss1/classifier": 0.3, "loss2/classifier": 0.3}
    assert network.nodes[-1].name == "loss3/classifier"
    assert network.trunk.parameters == COUNTS["bvlc_googlenet"]


def test_the_autoencoder_ends_where_its_error_is_measured():
    network = read("mnist_autoencoder")
    assert network.nodes[-1].name == "decode1neuron"
    assert not network.auxiliary
    assert network.nodes[1].layer.weight_filler.sparse == 15


def test_the_form_of_2013_has_its_padding_joined():
    network = read("v0_padded")
    assert [node.name for node in network.nodes] == [
        "conv1", "relu1", "pool1", "norm1", "conv2", "relu2", "fc", "drop", "prob"]
    conv1, conv2 = network.nodes[0].layer, network.nodes[4].layer
    assert (conv2.padding, conv2.groups, conv2.kernel_size) == (2, 2, 5)
    assert (conv1.weight_filler.std, conv1.lr_mult, conv1.decay_mult) == (0.01, (1, 2), (1, 0))
    assert str(network.nodes[5].output) == "256×27×27"


def test_fillers_and_multipliers_are_kept():
    layer = read("finetune_flickr_style_train_val").nodes[-1].layer
    assert (layer.lr_mult, layer.decay_mult) == ((10, 20), (1, 0))
    assert (layer.weight_filler.kind, layer.weight_filler.std) == ("gaussian", 0.01)
    layer = read("bvlc_reference_caffenet").nodes[4].layer
    assert (layer.bias_filler.kind, layer.bias_filler.value) == ("constant", 1)


def test_a_data_layer_without_a_shape_asks_for_one():
    with pytest.raises(NetworkError, match="--input"):
        read_caffe(CORPUS["lenet_train_test"])
