import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Conv, Input, Network, Pool, refuse_unread
from striate.arch.axis import ROUNDINGS, Axis
from striate.arch.window import Window
from striate.errors import WindowError

axes = st.builds(Axis, st.integers(1, 40), st.integers(1, 9), st.integers(1, 6), st.none() | st.integers(0, 6),
                 st.integers(1, 4))


def starts(axis: Axis, rounding: str) -> list[int]:
    """Where windows start, found by sliding one along and looking."""
    before, after = axis.pads
    last = axis.size + after
    found = []
    for start in itertools.count(-before, axis.stride):
        ends = start + axis.span
        hangs = rounding == "ceil" and found and found[-1] + axis.span < last and start < axis.size
        if ends <= last or hangs:
            found.append(start)
        else:
            break
    if rounding == "exact" and (not found or found[-1] + axis.span != last):
        return []
    return found


@given(axes, st.sampled_from(ROUNDINGS))
def test_count_is_what_sliding_finds(axis, rounding):
    assert axis.count(rounding) == len(starts(axis, rounding))


@given(axes, st.sampled_from(ROUNDINGS))
def test_unread_is_what_sliding_leaves(axis, rounding):
    found = starts(axis, rounding)
    if found:
        assert axis.unread(rounding) == max(0, axis.size - (found[-1] + axis.span))


@given(st.integers(1, 99), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_same_gives_the_size_over_the_stride(size, kernel, stride, dilation):
    axis = Axis(size, kernel, stride, None, dilation)
    assert axis.count("floor") == -(-size // stride)
    before, after = axis.pads
    assert 0 <= after - before <= 1


windows = st.builds(
    Window, st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)) | st.just("same"), st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(ROUNDINGS))


def fixed(window: Window, height: int, width: int, fix) -> tuple[Window, int, int]:
    match fix.what:
        case "padding":
            return replace(window, padding=fix.value), height, width
        case "stride":
            return replace(window, stride=fix.value), height, width
        case "filter":
            return replace(window, kernel=fix.value), height, width
        case "input":
            return window, *fix.value


@given(windows, st.integers(1, 30), st.integers(1, 30))
def test_every_suggested_fix_fits_and_gives_what_it_says(window, height, width):
    for fix in window.fixes(height, width):
        changed, new_height, new_width = fixed(replace(window, rounding="exact"), height, width, fix)
        assert changed.output(new_height, new_width) == fix.output
        assert changed.unread(new_height, new_width) == (0, 0)


@given(windows, st.integers(1, 30), st.integers(1, 30))
def test_a_window_that_does_not_tile_has_a_fix(window, height, width):
    if not all(axis.count("exact") for axis in window.axes(height, width)):
        assert window.fixes(height, width)


@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 5))
def test_no_nearer_fix_was_passed_over(size, kernel, stride):
    window = Window((kernel, kernel), (stride, stride), rounding="exact")
    for fix in window.fixes(size, size):
        now = {"padding": 0, "stride": stride, "filter": kernel, "input": size}[fix.what]
        for value in range(max(now - abs(fix.value[0] - now) + 1, 0 if fix.what == "padding" else 1),
                           now + abs(fix.value[0] - now)):
            if fix.what == "stride" and value > max(stride, kernel):
                continue  # a longer stride than the filter skips pixels, so none is suggested
            changed, height, _ = fixed(window, size, size, fix._replace(value=(value, value)))
            assert changed.axes(height, height)[0].count("exact") == 0


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5), st.integers(1, 30), st.integers(1, 30))
def test_fixes_for_a_pooling_layer_make_a_pooling_layer(high, wide, stride, height, width):
    layer = Pool((high, wide), stride)
    for fix in layer.window.fixes(height, width):
        size, pad, kernel = (height, width), layer.padding, (high, wide)
        now = {"padding": pad, "stride": layer.window.stride, "filter": kernel, "input": size} | {fix.what: fix.value}
        better = Pool(now["filter"], now["stride"], now["padding"], rounding="exact")
        assert better(Input(1, *now["input"])).shape[1:] == fix.output


def test_too_large_for_every_rounding():
    for rounding in ROUNDINGS:
        with pytest.raises(WindowError) as refusal:
            Pool(5, 2, rounding=rounding)(Input(1, 4, 4))
        assert "(4 − 5 + 2·0)/2 + 1 = 0.5" in str(refusal.value)


def test_each_axis_shows_its_own_arithmetic():
    with pytest.raises(WindowError) as refusal:
        Conv(2, (3, 5), stride=(3, 2), padding=(0, 1), dilation=(1, 2), rounding="exact")(Input(1, 7, 12))
    assert str(refusal.value) == (
        "conv1: a 3×5 filter dilated by (1, 2) at stride (3, 2) does not tile a 7×12 input with padding (0, 1); "
        "(7 − 3 + 2·0)/3 + 1 = 2.33 and (12 − 9 + 2·1)/2 + 1 = 3.5. Use stride (2, 1) (gives 3×6) or an input of 6×13 "
        "(gives 2×4).")


def test_strict_names_every_layer_that_leaves_pixels():
    x = Pool(2)(Conv(4, 3, stride=2)(Input(1, 10, 11)))
    with pytest.raises(WindowError) as refusal:
        refuse_unread(Network(x, name="odd"))
    assert str(refusal.value) == (
        "odd: windows that read every pixel were asked for; conv1: (10 − 3 + 2·0)/2 + 1 = 4.5 leaves 1 row at the "
        "bottom unread; pool1: (5 − 2 + 2·0)/2 + 1 = 2.5 leaves 1 column on the right unread. Use for conv1: stride "
        "(1, 2) (gives 8×5), a filter of (4, 3) (gives 4×5) or an input of 11×11 (gives 5×5); for pool1: stride (2, 1) "
        "(gives 2×4), a pooling window of (2, 3) at stride 2 (gives 2×2) or an input of 4×6 (gives 2×3).")
    refuse_unread(Network(Pool(2)(Input(1, 8, 8))))
