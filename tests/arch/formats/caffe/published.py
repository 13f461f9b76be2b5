"""Long, regular networks as their authors published them for Caffe, written out by a few loops."""

from __future__ import annotations

from collections.abc import Sequence


def layer(name: str, type_: str, bottom: str | Sequence[str], top: str, *body: str) -> str:
    bottoms = [bottom] if isinstance(bottom, str) else bottom
    lines = [f'name: "{name}"', f'type: "{type_}"', *(f'bottom: "{blob}"' for blob in bottoms), f'top: "{top}"', *body]
    return "layer {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def conv(name: str, bottom: str, filters: int, kernel: int, *more: str) -> str:
    return layer(name, "Convolution", bottom, name,
                 f"convolution_param {{ {' '.join([f'num_output: {filters}', f'kernel_size: {kernel}', *more])} }}")


def pool(name: str, bottom: str, settings: str) -> str:
    return layer(name, "Pooling", bottom, name, f"pooling_param {{ {settings} }}")


def relu(name: str, blob: str) -> str:
    return layer(name, "ReLU", blob, blob)


def dense(name: str, bottom: str, units: int) -> str:
    return layer(name, "InnerProduct", bottom, name, f"inner_product_param {{ num_output: {units} }}")


def dropout(name: str, blob: str, ratio: float) -> str:
    return layer(name, "Dropout", blob, blob, f"dropout_param {{ dropout_ratio: {ratio} }}")


def head(name: str, side: int) -> str:
    return f'name: "{name}"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: {side}\ninput_dim: {side}\n'


def vgg(counts: Sequence[int], name: str) -> str:
    """Simonyan & Zisserman 2015."""
    text, blob = head(name, 224), "data"
    for block, (count, filters) in enumerate(zip(counts, (64, 128, 256, 512, 512), strict=True), 1):
        for number in range(1, count + 1):
            made = f"conv{block}_{number}"
            text += conv(made, blob, filters, 3, "pad: 1") + relu(f"relu{block}_{number}", made)
            blob = made
        text += pool(f"pool{block}", blob, "pool: MAX kernel_size: 2 stride: 2")
        blob = f"pool{block}"
    for number in (6, 7):
        made = f"fc{number}"
        text += dense(made, blob, 4096) + relu(f"relu{number}", made)
        text += dropout(f"drop{number}", made, 0.5)
        blob = made
    return text + dense("fc8", blob, 1000) + layer("prob", "Softmax", "fc8", "prob")


def resnet(counts: Sequence[int], name: str, first_bias: bool) -> str:
    """He et al. 2016, in the form of its authors: BatchNorm and Scale apart, the stride in the first 1×1."""
    def norm(made: str, stem: str) -> str:
        return (layer(f"bn{stem}", "BatchNorm", made, made, "batch_norm_param { use_global_stats: true }")
                + layer(f"scale{stem}", "Scale", made, made, "scale_param { bias_term: true }"))

    text = head(name, 224) + conv("conv1", "data", 64, 7, "pad: 3 stride: 2", "" if first_bias else "bias_term: false")
    text += norm("conv1", "_conv1") + relu("conv1_relu", "conv1") + pool(
        "pool1", "conv1", "pool: MAX kernel_size: 3 stride: 2")
    blob = "pool1"
    for stage, (count, width) in enumerate(zip(counts, (64, 128, 256, 512), strict=True), 2):
        for number in range(count):
            unit = f"{stage}{'abc'[number] if count <= 3 else 'a' if number == 0 else f'b{number}'}"
            stride = "stride: 2" if number == 0 and stage > 2 else "stride: 1"
            inner, short = blob, blob
            if number == 0:
                short = f"res{unit}_branch1"
                text += conv(short, blob, 4 * width, 1, stride, "bias_term: false") + norm(short, f"{unit}_branch1")
            parts = (("a", width, 1, stride), ("b", width, 3, "pad: 1"), ("c", 4 * width, 1, ""))
            for part, filters, kernel, more in parts:
                made = f"res{unit}_branch2{part}"
                text += conv(made, inner, filters, kernel, more, "bias_term: false")
                text += norm(made, f"{unit}_branch2{part}")
                text += relu(f"{made}_relu", made) if part != "c" else ""
                inner = made
            blob = f"res{unit}"
            text += layer(blob, "Eltwise", [short, inner], blob) + relu(f"{blob}_relu", blob)
    text += pool("pool5", blob, "pool: AVE kernel_size: 7 stride: 1")
    return text + dense("fc1000", "pool5", 1000) + layer("prob", "Softmax", "fc1000", "prob")


def squeezenet(version: str) -> str:
    """Iandola et al. 2016."""
    early = version == "1.1"
    text = head(f"squeezenet_v{version}", 227)
    text += conv("conv1", "data", 64 if early else 96, 3 if early else 7, "stride: 2") + relu("relu_conv1", "conv1")
    text += pool("pool1", "conv1", "pool: MAX kernel_size: 3 stride: 2")
    blob = "pool1"
    for number, squeeze in zip(range(2, 10), (16, 16, 32, 32, 48, 48, 64, 64), strict=True):
        stem = f"fire{number}"
        for part, bottom, filters, kernel, more in (
                ("squeeze1x1", blob, squeeze, 1, ""), ("expand1x1", f"{stem}/squeeze1x1", 4 * squeeze, 1, ""),
                ("expand3x3", f"{stem}/squeeze1x1", 4 * squeeze, 3, "pad: 1")):
            text += conv(f"{stem}/{part}", bottom, filters, kernel, more)
            text += relu(f"{stem}/relu_{part}", f"{stem}/{part}")
        blob = f"{stem}/concat"
        text += layer(blob, "Concat", [f"{stem}/expand1x1", f"{stem}/expand3x3"], blob)
        if number in ((3, 5) if early else (4, 8)):
            text += pool(f"pool{number}", blob, "pool: MAX kernel_size: 3 stride: 2")
            blob = f"pool{number}"
    text += dropout("drop9", blob, 0.5)
    text += conv("conv10", blob, 1000, 1) + relu("relu_conv10", "conv10")
    text += pool("pool10", "conv10", "pool: AVE global_pooling: true")
    return text + layer("prob", "Softmax", "pool10", "prob")


def mobilenet() -> str:
    """Howard et al. 2017, in the form published for Caffe: grouped convolutions, BatchNorm and Scale in place."""
    def unit(name: str, bottom: str, filters: int, kernel: int, *more: str) -> str:
        return (conv(name, bottom, filters, kernel, "bias_term: false", *more)
                + layer(f"{name}/bn", "BatchNorm", name, name, "batch_norm_param { use_global_stats: true eps: 1e-5 }")
                + layer(f"{name}/scale", "Scale", name, name, "scale_param { bias_term: true }")
                + relu(f"relu_{name}", name))

    text = head("MOBILENET", 224) + unit("conv1", "data", 32, 3, "pad: 1 stride: 2")
    blob, channels = "conv1", 32
    plan = [("2_1", 64, 1), ("2_2", 128, 2), ("3_1", 128, 1), ("3_2", 256, 2), ("4_1", 256, 1), ("4_2", 512, 2),
            *((f"5_{i}", 512, 1) for i in range(1, 6)), ("5_6", 1024, 2), ("6", 1024, 1)]
    for stem, filters, stride in plan:
        text += unit(f"conv{stem}/dw", blob, channels, 3, f"pad: 1 stride: {stride} group: {channels} engine: CAFFE")
        text += unit(f"conv{stem}/sep", f"conv{stem}/dw", filters, 1)
        blob, channels = f"conv{stem}/sep", filters
    text += pool("pool6", blob, "pool: AVE global_pooling: true") + conv("fc7", "pool6", 1000, 1)
    return text + layer("prob", "Softmax", "fc7", "prob")


INCEPTIONS = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64),
              "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
              "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
              "5b": (384, 192, 384, 48, 128, 128)}


def googlenet(training: bool) -> str:
    """Szegedy et al. 2015 as BVLC trained it: its deploy form, or train_val with two heads of weight 0.3."""
    def unit(name: str, bottom: str, filters: int, kernel: int, *more: str) -> str:
        stem, _, last = name.rpartition("/")
        return conv(name, bottom, filters, kernel, *more) + relu(f"{stem}/relu_{last}", name)

    def auxiliary(number: int, bottom: str) -> str:
        stem = f"loss{number}"
        return (pool(f"{stem}/ave_pool", bottom, "pool: AVE kernel_size: 5 stride: 3")
                + unit(f"{stem}/conv", f"{stem}/ave_pool", 128, 1) + dense(f"{stem}/fc", f"{stem}/conv", 1024)
                + relu(f"{stem}/relu_fc", f"{stem}/fc")
                + dropout(f"{stem}/drop_fc", f"{stem}/fc", 0.7)
                + dense(f"{stem}/classifier", f"{stem}/fc", 1000) + losses(number, 0.3))

    def losses(number: int, weight: float) -> str:
        ends = [f"loss{number}/classifier", "label"]
        return layer(f"loss{number}/loss", "SoftmaxWithLoss", ends, f"loss{number}/loss{number}",
                     f"loss_weight: {weight}") + layer(
            f"loss{number}/top-5", "Accuracy", ends, f"loss{number}/top-5", "include { phase: TEST }",
            "accuracy_param { top_k: 5 }")

    text = head("GoogleNet", 224)
    if training:
        text = 'name: "GoogleNet"\n' + "".join(
            f'layer {{ name: "data" type: "Data" top: "data" top: "label" include {{ phase: {phase} }} transform_param '
            '{ crop_size: 224 mean_value: 104 mean_value: 117 mean_value: 123 } data_param { source: "nowhere" '
            "batch_size: 32 backend: LMDB } }\n" for phase in ("TRAIN", "TEST"))
    text += unit("conv1/7x7_s2", "data", 64, 7, "pad: 3 stride: 2")
    text += pool("pool1/3x3_s2", "conv1/7x7_s2", "pool: MAX kernel_size: 3 stride: 2")
    lrn = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
    text += layer("pool1/norm1", "LRN", "pool1/3x3_s2", "pool1/norm1", lrn)
    text += unit("conv2/3x3_reduce", "pool1/norm1", 64, 1) + unit("conv2/3x3", "conv2/3x3_reduce", 192, 3, "pad: 1")
    text += layer("conv2/norm2", "LRN", "conv2/3x3", "conv2/norm2", lrn)
    text += pool("pool2/3x3_s2", "conv2/norm2", "pool: MAX kernel_size: 3 stride: 2")
    blob = "pool2/3x3_s2"
    for key, (one, reduce3, three, reduce5, five, project) in INCEPTIONS.items():
        if training and key in ("4b", "4e"):
            text += auxiliary(1 if key == "4b" else 2, blob)
        stem = f"inception_{key}"
        text += unit(f"{stem}/1x1", blob, one, 1) + unit(f"{stem}/3x3_reduce", blob, reduce3, 1)
        text += unit(f"{stem}/3x3", f"{stem}/3x3_reduce", three, 3, "pad: 1")
        text += unit(f"{stem}/5x5_reduce", blob, reduce5, 1)
        text += unit(f"{stem}/5x5", f"{stem}/5x5_reduce", five, 5, "pad: 2")
        text += pool(f"{stem}/pool", blob, "pool: MAX kernel_size: 3 stride: 1 pad: 1")
        text += unit(f"{stem}/pool_proj", f"{stem}/pool", project, 1)
        ends = [f"{stem}/{part}" for part in ("1x1", "3x3", "5x5", "pool_proj")]
        blob = f"{stem}/output"
        text += layer(blob, "Concat", ends, blob)
        if key in ("3b", "4e"):
            text += pool(f"pool{int(key[0])}/3x3_s2", blob, "pool: MAX kernel_size: 3 stride: 2")
            blob = f"pool{int(key[0])}/3x3_s2"
    text += pool("pool5/7x7_s1", blob, "pool: AVE kernel_size: 7 stride: 1")
    text += dropout("pool5/drop_7x7_s1", "pool5/7x7_s1", 0.4)
    text += dense("loss3/classifier", "pool5/7x7_s1", 1000)
    return text + (losses(3, 1) if training else layer("prob", "Softmax", "loss3/classifier", "prob"))


PUBLISHED = {
    "vgg16": vgg((2, 2, 3, 3, 3), "VGG_ILSVRC_16_layers"),
    "vgg19": vgg((2, 2, 4, 4, 4), "VGG_ILSVRC_19_layers"),
    "resnet50": resnet((3, 4, 6, 3), "ResNet-50", True),
    "resnet101": resnet((3, 4, 23, 3), "ResNet-101", False),
    "resnet152": resnet((3, 8, 36, 3), "ResNet-152", False),
    "squeezenet_1.0": squeezenet("1.0"),
    "squeezenet_1.1": squeezenet("1.1"),
    "mobilenet": mobilenet(),
    "bvlc_googlenet": googlenet(False),
    "bvlc_googlenet_train_val": googlenet(True),
}
