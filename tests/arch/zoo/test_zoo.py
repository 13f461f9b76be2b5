import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from striate.arch import ZOO, Input, Network, Volume, load_network, refuse_unread, survey
from striate.arch.depth import depth
from striate.arch.zoo import build
from striate.errors import NetworkError, UsageError, WindowError
from striate.report.zoo_table import zoo_table

GOLDEN = Path(__file__).parents[2] / "golden" / "inspect_list.txt"
SMALL = ("lenet5", "lenet_caffe", "compact", "resnet9", "resnet20")

# Name: parameters without auxiliary heads, and depth as its paper counts it.
COUNTS = {
    "lenet5": (60_850, 5), "lenet_caffe": (431_080, 4), "alexnet": (60_965_224, 8), "caffenet": (60_965_224, 8),
    "alexnet_one_tower": (61_100_840, 8), "zfnet": (62_357_608, 8), "vgg11": (132_863_336, 11),
    "vgg13": (133_047_848, 13), "vgg16": (138_357_544, 16), "vgg19": (143_667_240, 19), "googlenet": (6_998_552, 22),
    "googlenet_bn": (6_624_904, 22), "resnet18": (11_689_512, 18), "resnet34": (21_797_672, 34),
    "resnet50": (25_557_032, 50), "resnet101": (44_549_160, 101), "resnet152": (60_192_808, 152),
    "squeezenet": (1_235_496, 18), "mobilenet": (4_231_976, 28), "efficientnet_lite0": (4_652_008, 50),
    "efficientnet_lite1": (5_416_680, 65), "efficientnet_lite2": (6_092_072, 65),
    "efficientnet_lite3": (8_197_096, 74), "efficientnet_lite4": (13_006_568, 92), "compact": (288_170, 7),
    "compact_deep": (297_450, 8),
    "resnet9": (6_573_120, 9), "resnet20": (269_722, 20),
}
# Billions of multiply-adds as torchvision publishes them with its weights, at 224×224.
PUBLISHED_MACS = {
    "alexnet_one_tower": 0.714, "vgg11": 7.609, "vgg13": 11.308, "vgg16": 15.470, "vgg19": 19.632,
    "googlenet_bn": 1.498, "resnet18": 1.814, "resnet34": 3.664, "resnet50": 4.089, "resnet101": 7.801,
    "resnet152": 11.514, "squeezenet": 0.349, "mobilenet": 0.569,
}
# Name: the smallest side of a picture, and the layer that refuses one pixel less.
LEAST = {
    "lenet5": (16, "s4_pool"), "lenet_caffe": (15, "pool2"), "alexnet": (55, "pool5"), "caffenet": (55, "pool5"),
    "alexnet_one_tower": (63, "pool5"), "zfnet": (63, "pool5"), "vgg11": (17, "pool5"), "vgg19": (17, "pool5"),
    "googlenet": (223, "pool5/7x7_s1"), "googlenet_bn": (31, "pool4/2x2_s2"), "squeezenet": (25, "pool5"),
    "resnet9": (8, "layer3/pool"),
}


def node(network, name):
    return next(node for node in network.nodes if node.name == name)


@pytest.mark.parametrize("name", ZOO)
def test_builds_for_classes_and_channels(name):
    for channels, classes in ((1, 2), (3, 7)):
        side = 32 if name in SMALL else ZOO[name].example.height
        network = build(name, Input(channels, side, side), classes)
        assert network.output.shape == (classes, 1, 1)
        assert network.input.shape == (channels, side, side)
        assert network.name == name
        for head in network.auxiliary:
            assert node(network, head).output.shape == (classes, 1, 1)
    assert load_network(name) == build(name)
    assert build(name).output.shape == (ZOO[name].classes, 1, 1)
    assert build(name).input == ZOO[name].example


@pytest.mark.parametrize("name", ZOO)
def test_entries_say_where_a_network_comes_from(name):
    entry = ZOO[name]
    assert all((entry.paper, entry.cite, entry.variant))
    assert 1998 <= entry.year <= 2020
    assert entry.input in (None, entry.example)
    assert (entry.top1 is None) == (not entry.measured) == (not entry.source)
    if entry.top5 is not None:
        assert 0 < entry.top5 < entry.top1 < 50
    if entry.published:  # as papers round
        assert build(name).trunk.parameters == pytest.approx(entry.published, rel=0.02)


def test_the_zoo_is_whole_and_counts_and_depths_are_those_of_the_papers():
    assert {name: (build(name).trunk.parameters, depth(build(name))) for name in ZOO} == COUNTS


@pytest.mark.parametrize("name", PUBLISHED_MACS)
def test_multiply_adds_are_within_half_a_per_cent_of_the_published(name):
    assert survey(build(name, Volume(3, 224, 224))).total("macs") / 1e9 == pytest.approx(PUBLISHED_MACS[name], rel=5e-3)


def test_alexnet_in_two_towers_takes_a_little_more_than_in_one():
    """0.724 G for the published 0.71 G of the one-tower form: wider layers, but half the channels in three of them."""
    two, one = (survey(build(name)).total("macs") for name in ("alexnet", "alexnet_one_tower"))
    by_hand = (96 * 55 ** 2 * 363 + 256 * 27 ** 2 * 1200 + 13 ** 2 * (384 * 2304 + 384 * 1728 + 256 * 1728)
               + 9216 * 4096 + 4096 * 4096 + 4096 * 1000)
    assert (two, one) == (by_hand, 714_188_480)


@pytest.mark.parametrize(("name", "last", "least", "size", "stride"), [
    ("alexnet", "pool5", 195, 195, 32), ("alexnet_one_tower", "pool5", 195, 195, 32), ("vgg16", "pool5", 212, 212, 32),
    ("vgg19", "pool5", 268, 268, 32), ("googlenet", "pool5/7x7_s1", 267, 907, 32),
    ("resnet50", "res5c_relu", 11, 427, 32), ("resnet152", "res5c_relu", 11, 1451, 32)])
def test_receptive_fields_are_those_known(name, last, least, size, stride):
    (row,) = (row for row in survey(build(name)).rows if row.name == last)
    for field in row.fields:
        assert (field.least, field.size, field.stride) == (least, size, stride)


@pytest.mark.parametrize("name", LEAST)
def test_pictures_too_small_are_refused_by_the_layer_they_do_not_fit(name):
    side, layer = LEAST[name]
    assert build(name, Volume(3, side, side), 5).output.shape == (5, 1, 1)
    with pytest.raises(WindowError) as refused:
        build(name, Volume(3, side - 1, side - 1), 5)
    assert str(refused.value).startswith(f"{layer}: a ")


@pytest.mark.parametrize("name", [name for name in ZOO if name not in LEAST and name[:3] != "vgg"])
def test_the_others_take_pictures_of_any_size(name):
    for height, width in ((1, 1), (33, 70), (257, 129)):
        assert build(name, Volume(2, height, width), 5).output.shape == (5, 1, 1)


def test_a_picture_too_large_for_dense_layers_is_refused():
    with pytest.raises(NetworkError, match=r"^fc6: .* 500,000,000 parameters"):
        build("vgg16", Volume(3, 640, 640))


def test_googlenet_has_two_heads_for_training_with_caffes_names():
    network = build("googlenet")
    assert network.auxiliary == {"loss1/classifier": 0.3, "loss2/classifier": 0.3}
    assert network.parameters == 13_378_280
    heads = 2 * 128 + 128 * (512 + 528) + 2 * (2049 * 1024 + 1025 * 1000)
    assert network.parameters - network.trunk.parameters == heads
    assert not network.trunk.auxiliary
    assert {node.name for node in network.nodes} - {node.name for node in network.trunk.nodes} == {
        f"loss{number}/{part}" for number in (1, 2)
        for part in ("ave_pool", "conv", "relu_conv", "fc", "relu_fc", "drop_fc", "classifier")}
    assert [node.name for node in network.nodes][:5] == [
        "conv1/7x7_s2", "conv1/relu_7x7", "pool1/3x3_s2", "pool1/norm1", "conv2/3x3_reduce"]
    first, second = node(network, "loss1/ave_pool"), node(network, "loss2/ave_pool")
    assert (first.inputs, str(first.output)) == (("inception_4a/output",), "512×4×4")
    assert (second.inputs, str(second.output)) == (("inception_4d/output",), "528×4×4")
    widths = [node.output.channels for node in network.nodes if node.name.endswith("/output")]
    assert widths == [256, 480, 512, 512, 512, 528, 832, 832, 1024]  # the paper's table 1


@pytest.mark.parametrize(("name", "names"), [
    ("alexnet", ["conv1", "relu1", "norm1", "pool1", "conv2"]), ("caffenet", ["conv1", "relu1", "pool1", "norm1"]),
    ("vgg16", ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1"]),
    ("resnet50", ["conv1", "bn_conv1", "conv1_relu", "pool1", "res2a_branch1", "bn2a_branch1", "res2a_branch2a"]),
    ("squeezenet", ["conv1", "relu_conv1", "pool1", "fire2/squeeze1x1", "fire2/relu_squeeze1x1", "fire2/expand1x1"]),
    ("mobilenet", ["conv1", "conv1/bn", "relu1", "conv2_1/dw", "conv2_1/dw/bn", "relu2_1/dw", "conv2_1/sep"])])
def test_layers_have_published_names(name, names):
    assert [node.name for node in build(name).nodes][:len(names)] == names


def test_long_stages_of_resnets_are_numbered():
    names = {node.name for node in build("resnet152").nodes}
    assert {"res2c_relu", "res3b7_branch2c", "bn4b35_branch2b", "res5c"} <= names
    assert not {"res3b", "res4b36", "res5d"} & names


def test_fillers_and_multipliers_are_those_of_caffes_files():
    for name, hidden in (("alexnet", 0.1), ("caffenet", 1.0)):
        network = build(name)
        biases = {node.name: node.tensors["bias"].filler.value for node in network.nodes if node.tensors}
        assert biases == {"conv1": 0, "conv2": hidden, "conv3": 0, "conv4": hidden, "conv5": hidden, "fc6": hidden,
                          "fc7": hidden, "fc8": 0}
        spreads = {node.name: node.tensors["weight"].filler.std for node in network.nodes if node.tensors}
        assert {name for name, std in spreads.items() if std == 0.005} == {"fc6", "fc7"}
        for tensor in network.tensors.values():
            twice = tensor.role == "bias"
            assert (tensor.lr_mult, tensor.decay_mult) == ((2, 0) if twice else (1, 1))
    lenet = build("lenet_caffe").tensors
    assert {(tensor.role, tensor.lr_mult, tensor.decay_mult) for tensor in lenet.values()} == {
        ("weight", 1, 1), ("bias", 2, 1)}
    googlenet = build("googlenet").tensors
    assert {tensor.filler.kind for tensor in googlenet.values() if tensor.role == "weight"} == {"xavier"}
    assert {name for name, tensor in googlenet.items() if tensor.role == "bias" and tensor.filler.value == 0} == {
        f"loss{number}/classifier.bias" for number in (1, 2, 3)}


def test_resnet20_has_shortcuts_that_learn_nothing():
    network = build("resnet20")
    assert [node.name for node in network.nodes if "branch1" in node.name] == ["res3a_branch1", "res4a_branch1"]
    assert not [name for name in network.tensors if "branch1" in name]


def test_networks_survive_being_written_down():
    for name in ZOO:
        network = build(name)
        again = Network.from_dict(network.to_dict())
        assert again == network
        assert again.auxiliary == network.auxiliary


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r"Did you mean resnet50") as refused:
        build("resnet5O")
    assert len(str(refused.value)) < 600


def test_table_of_the_years_is_golden(request):
    text = zoo_table(as_json=False)
    if request.config.getoption("--golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    assert max(map(len, text.splitlines())) <= 120


def test_table_of_the_years_says_what_the_networks_say():
    lines = zoo_table(as_json=False).split("\n\n")[0].splitlines()
    rows = [re.split(r" {2,}", line) for line in lines[1:]]
    assert {row[0]: (int(row[3].replace(",", "")), int(row[2])) for row in rows} == COUNTS
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    facts = json.loads(zoo_table(as_json=True))["networks"]
    assert [fact["name"] for fact in facts] == [row[0] for row in rows]
    for fact, row in zip(facts, rows, strict=True):
        number, unit = row[4].split()
        assert float(number) * {"M": 1e6, "G": 1e9}[unit] == pytest.approx(fact["macs"], rel=0.05)
        assert fact["macs"] == survey(build(fact["name"]).trunk).total("macs")
        errors = [str(fact[key]).removesuffix(".0") for key in ("top1_error", "top5_error") if fact[key] is not None]
        assert row[5:5 + len(errors)] == errors
    assert (facts[0]["name"], facts[0]["top1_error"], facts[0]["errors_on"]) == ("lenet5", 0.95, "MNIST")


def test_table_of_the_years_needs_no_torch_and_no_numpy():
    code = "import sys; from striate.report.zoo_table import zoo_table; zoo_table(True)\n"
    code += "print({'torch', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_lenet5_has_the_numbers_of_the_paper():
    network = load_network("lenet5")
    by_layer = {node.name: (node.parameters, node.output.shape) for node in network.nodes if node.tensors}
    assert by_layer == {
        "c1": (156, (6, 28, 28)), "s2": (12, (6, 14, 14)), "c3": (1516, (16, 10, 10)), "s4": (32, (16, 5, 5)),
        "c5": (48120, (120, 1, 1)), "f6": (10164, (84, 1, 1)), "output": (850, (10, 1, 1))}
    assert sum(count for name, (count, _) in by_layer.items() if name != "output") == 60_000
    # The paper counts connections: the bias is one, and so is each of the four pixels a unit of S2 sums.
    macs = {node.name: node.macs for node in network.nodes}
    assert (macs["c1"] + 6 * 28 * 28, macs["c3"] + 16 * 10 * 10) == (122_304, 151_600)
    refuse_unread(network)


@pytest.mark.parametrize("side", [16, 20, 28, 32, 64])
def test_lenet5_on_other_sizes(side):
    assert load_network("lenet5", Input(1, side, side)).output.shape == (10, 1, 1)


def test_lenet5_refuses_what_is_too_small():
    with pytest.raises(WindowError, match=r"^c3: a 5×5 filter does not fit a 4×4 input"):
        load_network("lenet5", Input(1, 12, 12))


@pytest.mark.parametrize(("side", "sides"), [
    (1, [1]), (8, [8, 4, 2]), (28, [28, 14, 7, 3]), (32, [32, 16, 8, 4, 2]), (96, [48, 24, 12, 6, 3]),
    (224, [56, 28, 14, 7, 3])])
def test_compact_is_as_deep_as_the_picture_is_large(side, sides):
    network = load_network("compact", Input(3, side, side), 15)
    assert list(dict.fromkeys(node.output.height for node in network.nodes if node.layer.kind == "conv")) == sides


def test_compact_at_28_pixels_takes_about_twelve_million_multiply_adds():
    assert 1e7 < sum(node.macs for node in load_network("compact", Input(1, 28, 28)).nodes) < 1.5e7
