"use strict";
// Steps through the output of one unit of a convolution. Everything shown is computed here from the block of data;
// dot_product computes the same in Python.
(() => {
  const data = JSON.parse(document.getElementById("st-data").textContent);
  const at = (id) => document.getElementById(id);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const read = (text, size, get) => {
    const view = new DataView(bytes(text).buffer);
    return Float64Array.from({ length: view.byteLength / size }, (_, i) => get(view, i * size));
  };
  const raw = "mean" in data;  // bytes of the picture, else activations
  const weights = read(data.weights, 8, (view, i) => view.getFloat64(i, true));
  const stored = raw ? bytes(data.values) : read(data.values, 4, (view, i) => view.getFloat32(i, true));
  const [kernelRows, kernelColumns] = data.kernel, [height, width] = data.size;
  const rows = data.rows[1] - data.rows[0] + 1, columns = data.columns[1] - data.columns[0] + 1;
  const area = kernelRows * kernelColumns, channels = data.names.length;
  let [row, column] = data.start, inBytes = false;

  // As the network computes it: float32, subtracted, then divided.
  const networkValue = (channel, value) =>
    raw ? Math.fround(Math.fround(value - data.mean[channel]) / data.std[channel]) : value;

  // Row and column in the stored values of weight i of a window, or −1 in the padding.
  const place = (y, x, i) => {
    const line = y * data.stride[0] - data.padding[0] + Math.floor(i / kernelColumns) * data.dilation[0];
    const column = x * data.stride[1] - data.padding[1] + (i % kernelColumns) * data.dilation[1];
    const inside = line >= 0 && line < data.whole[0] && column >= 0 && column < data.whole[1];
    return inside ? (line - data.origin[0]) * width + column - data.origin[1] : -1;
  };

  // The window at an output position: value, weight and product of each tap, their sum by channel, and the bias.
  const windowAt = (y, x, asBytes) => {
    const found = { taps: [], sums: new Float64Array(channels), sum: 0, bias: data.bias };
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < area; i++) {
        const index = place(y, x, i), inside = index >= 0;
        let weight = weights[channel * area + i];
        let value = inside ? stored[channel * height * width + index] : 0;
        if (asBytes) {
          weight /= data.std[channel];
          if (inside) found.bias -= weight * data.mean[channel];
        } else if (inside) {
          value = networkValue(channel, value);
        }
        found.taps.push({ value, weight, product: weight * value, inside });
        found.sums[channel] += weight * value;
      }
      found.sum += found.sums[channel];
    }
    found.total = found.sum + found.bias;
    return found;
  };
  const resultOf = (total) => data.relu ? Math.min(Math.max(total, 0), data.limit ?? Infinity) : total;

  // The whole output, once: only sums, without a list of taps.
  const output = new Float64Array(rows * columns);
  const normalised = Float64Array.from(stored, (value, i) => networkValue(Math.floor(i / (height * width)), value));
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let total = data.bias;
      for (let i = 0; i < area; i++) {
        const index = place(y + data.rows[0], x + data.columns[0], i);
        if (index < 0) continue;
        for (let channel = 0; channel < channels; channel++) {
          total += weights[channel * area + i] * normalised[channel * height * width + index];
        }
      }
      output[y * columns + x] = resultOf(total);
    }
  }

  // As significant in core/humanize.py, and aligned in report/look_stepthrough.py for the cells of a table.
  const significant = (value, digits) => {
    const rounded = Number(value.toPrecision(digits));
    const plain = rounded === 0 || (Math.abs(rounded) >= 1e-4 && Math.abs(rounded) < 1e6);
    return (plain ? String(rounded + 0) : rounded.toExponential()).replaceAll("-", "−");
  };
  const number = (value) => significant(value, 6);
  const plus = (value) => `${value < 0 ? "−" : "+"} ${number(Math.abs(value))}`;

  const draw = (canvas, high, wide, colourAt) => {
    canvas.height = high;
    canvas.width = wide;
    const context = canvas.getContext("2d"), picture = context.createImageData(wide, high);
    for (let i = 0; i < high * wide; i++) picture.data.set([...colourAt(i), 255], 4 * i);
    context.putImageData(picture, 0, 0);
  };
  const greys = (values) => {
    let low = Infinity, high = -Infinity;
    for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
    return { low, high, of: (value) => Math.round(255 * (value - low) / (high - low || 1)) };
  };

  let drawn = -1;
  const drawSource = (channel) => {
    if (drawn === channel) return;
    drawn = channel;
    const size = height * width, colours = raw && channels === 3;
    const own = stored.subarray(channel * size, (channel + 1) * size);
    const scale = raw ? { of: (value) => value } : greys(own);
    draw(at("st-source"), height, width, (i) => colours ? [stored[i], stored[size + i], stored[2 * size + i]]
      : Array(3).fill(scale.of(own[i])));
    at("st-source-channel").textContent = colours || (raw && channels === 1) ? "" : `, channel ${data.names[channel]}`;
  };
  const outline = (element, top, left, high, wide, size) => {
    element.style.top = `${100 * top / size[0]}%`;
    element.style.left = `${100 * left / size[1]}%`;
    element.style.height = `${100 * high / size[0]}%`;
    element.style.width = `${100 * wide / size[1]}%`;
  };

  const fill = (table, taps, name) => {
    const most = Math.max(...taps.map((tap) => Math.abs(tap[name])));
    const decimals = Math.max(0, 2 - Number(most.toExponential(2).split("e")[1]));
    const cell = (value) => {
      const text = value ? value.toFixed(decimals) : "0";
      return Number(text) ? text.replace("-", "−") : text.replace("-", "");
    };
    table.querySelectorAll("td").forEach((one, i) => {
      const value = taps[i][name];
      one.textContent = cell(value);
      one.className = !taps[i].inside ? "st-padding" : value < 0 ? "against" : "for";
      one.style.setProperty("--depth", (0.45 * Math.abs(value) / (most || 1)).toFixed(3));
    });
  };

  const show = () => {
    const found = windowAt(row, column, inBytes), result = resultOf(found.total);
    const order = [...found.sums.keys()];
    let shown = order;
    if (channels > data.most) {  // those that add most to the sum, in order
      shown = order.sort((a, b) => Math.abs(found.sums[b]) - Math.abs(found.sums[a]) || a - b).slice(0, data.shown);
    }
    drawSource(shown[0]);
    shown = [...shown].sort((a, b) => a - b);
    document.querySelectorAll(".st-channel").forEach((block, i) => {
      const taps = found.taps.slice(shown[i] * area, (shown[i] + 1) * area);
      block.querySelectorAll(".st-name").forEach((one) => { one.textContent = data.names[shown[i]]; });
      ["value", "weight", "product"].forEach((name) => fill(block.querySelector(`.st-${name}`), taps, name));
      block.querySelector(".st-channel-sum").textContent = number(found.sums[shown[i]]);
    });
    if (at("st-rest")) {
      const rest = found.sums.reduce((sum, one, i) => shown.includes(i) ? sum : sum + one, 0);
      at("st-rest").textContent = number(rest);
    }
    at("st-row").value = at("st-at-row").textContent = row;
    at("st-column").value = at("st-at-column").textContent = column;
    at("st-products").textContent = number(found.sum);
    at("st-bias").textContent = number(found.bias);
    at("st-total").textContent = number(found.total);
    if (data.relu) at("st-result").textContent = number(result);
    at("st-said").textContent = `Row ${row}, column ${column}: ${found.taps.length} products sum to `
      + `${number(found.sum)}; ${number(found.sum)} ${plus(found.bias)} = ${number(found.total)}`
      + (data.relu ? `; behind the ReLU ${number(result)}` : "");
    const [top, left] = [row * data.stride[0] - data.padding[0], column * data.stride[1] - data.padding[1]];
    outline(at("st-window"), top - data.origin[0], left - data.origin[1], data.dilation[0] * (kernelRows - 1) + 1,
      data.dilation[1] * (kernelColumns - 1) + 1, data.size);
    outline(at("st-cursor"), row - data.rows[0], column - data.columns[0], 1, 1, [rows, columns]);
  };

  const go = (y, x) => {
    const within = (value, [first, last]) => Math.min(Math.max(Math.round(value) || 0, first), last);
    [row, column] = [within(y, data.rows), within(x, data.columns)];
    show();
  };
  const map = at("st-map");
  const keys = {
    ArrowUp: (far) => [row - far, column], ArrowDown: (far) => [row + far, column],
    ArrowLeft: (far) => [row, column - far], ArrowRight: (far) => [row, column + far],
    Home: () => [row, data.columns[0]], End: () => [row, data.columns[1]],
    PageUp: () => [data.rows[0], column], PageDown: () => [data.rows[1], column],
  };
  map.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(...keys[event.key](event.shiftKey ? 10 : 1));
  });
  const point = (event) => {
    const box = map.getBoundingClientRect();
    go(data.rows[0] + Math.floor((event.clientY - box.top) / box.height * rows),
      data.columns[0] + Math.floor((event.clientX - box.left) / box.width * columns));
  };
  map.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" || event.buttons) point(event); });
  map.addEventListener("pointerdown", point);
  for (const id of ["st-row", "st-column"]) {
    at(id).addEventListener("change", () => go(at("st-row").value, at("st-column").value));
  }
  document.querySelectorAll("input[name=st-units]").forEach((one) => one.addEventListener("change", () => {
    inBytes = at("st-in-bytes").checked;
    show();
  }));

  const scale = greys(output);
  draw(at("st-output"), rows, columns, (i) => Array(3).fill(scale.of(output[i])));
  at("st-low").textContent = number(scale.low);
  at("st-high").textContent = number(scale.high);
  document.querySelectorAll(".st-live").forEach((one) => { one.hidden = false; });
  show();
})();
