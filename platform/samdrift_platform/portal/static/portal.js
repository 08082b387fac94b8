// What the portal's pages do in the browser: follow the work, and draw plots. No page needs it to be read.
(() => {
  "use strict";

  const { lang } = document.documentElement;
  const language = lang === "en" ? "en-GB" : lang;  // the locales of the pages' own dates and numbers

  // Live parts: said once when their announcement changes, paused on request and while nobody looks.
  let paused = false;

  function isLive(event) {
    return event.target instanceof Element && event.target.hasAttribute("data-live");
  }

  function announce(part) {
    const status = document.getElementById("announcement");
    const sentence = part.dataset.announcement.trim();
    if (status && status.dataset.last !== undefined && status.dataset.last !== sentence) status.textContent = sentence;
    if (status) status.dataset.last = sentence;
  }

  function showTrouble(shown) {
    for (const note of document.querySelectorAll("[data-live-trouble]")) note.hidden = !shown;
  }

  function showSwitch() {
    for (const button of document.querySelectorAll("[data-live-switch]")) {
      button.setAttribute("aria-pressed", String(paused));
    }
  }

  document.addEventListener("htmx:before:request", (event) => {
    if (isLive(event) && (paused || document.hidden)) event.preventDefault();
  });

  document.addEventListener("htmx:before:response", (event) => {
    if (!isLive(event)) return;
    const { status } = event.detail.ctx.response;
    if (status === 401) window.location.reload();  // the session ended: the server answers with the way back in
    if (status >= 400) event.preventDefault();  // what is shown stays, and says that it is old
    showTrouble(status >= 400);
  });

  document.addEventListener("htmx:error", (event) => {
    if (isLive(event)) showTrouble(true);
  });

  document.addEventListener("htmx:after:swap", () => {
    showSwitch();
    document.querySelectorAll("[data-live]").forEach(announce);
  });

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-live-switch]")) return;
    paused = !paused;
    showSwitch();
  });

  // Plots: the values stand in the `data-plot` attribute that the `plot` macro writes.
  const times = new Intl.DateTimeFormat(language, {
    timeZone: "Europe/Copenhagen", weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  });
  const days = new Intl.DateTimeFormat(language, { timeZone: "Europe/Copenhagen", day: "numeric", month: "short" });
  const hours = new Intl.DateTimeFormat(language, { timeZone: "Europe/Copenhagen", hour: "2-digit", minute: "2-digit" });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

  const FONT = '14px "IBM Plex Sans", sans-serif';

  function line(series, index, key) {
    const style = getComputedStyle(key);
    const dash = style.getPropertyValue("--plot-dash").trim();
    const colour = style.getPropertyValue("--plot-colour").trim();
    return {
      label: series.label,
      scale: series.unit,
      stroke: colour,
      width: 2,
      dash: dash === "none" ? undefined : dash.split(" ").map(Number),
      points: { show: false },
      paths: series.style === "steps" ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear(),
    };
  }

  function bands(series, keys) {
    const found = [];
    series.forEach((one, index) => {
      const next = series[index + 1];
      if (one.style !== "lower" || !next || next.style !== "upper") return;
      const colour = getComputedStyle(keys[index]).getPropertyValue("--plot-colour").trim();
      found.push({ series: [index + 2, index + 1], fill: `${colour}26` });
    });
    return found;
  }

  function timeAxis() {
    return {
      values: (_, splits, __, ___, step) => splits.map((second) => {
        const moment = new Date(second * 1000);
        return step >= 86400 ? days.format(moment) : `${hours.format(moment)}\n${days.format(moment)}`;
      }),
      font: FONT,
      space: 90,
      size: 50,
    };
  }

  // Where there is little room the unit stands in the legend only.
  function valueAxis(unit, side, roomy) {
    return {
      scale: unit, side, label: roomy ? unit : undefined, labelFont: FONT, font: FONT, size: roomy ? 60 : 44,
      grid: { show: side === 3 },
      values: (_, splits) => splits.map((value) => (value === null ? "" : numbers.format(value))),
    };
  }

  function readOut(plot, figure, data) {
    const at = plot.cursor.idx;
    const places = figure.querySelectorAll(".plot-value");
    data.series.forEach((series, index) => {
      const value = at === null || at === undefined ? null : series.values[at];
      const digits = { minimumFractionDigits: series.digits, maximumFractionDigits: series.digits };
      places[index].textContent = value === null ? "" : value.toLocaleString(language, digits);
    });
    const title = figure.querySelector("figcaption");
    title.dataset.text ??= title.textContent;
    title.textContent = at === null || at === undefined
      ? title.dataset.text
      : `${title.dataset.text}, ${times.format(new Date(data.times[at] * 1000))}`;
  }

  function draw(drawing) {
    const figure = drawing.closest("figure");
    const data = JSON.parse(drawing.dataset.plot);
    const keys = figure.querySelectorAll(".plot-key");
    const roomy = drawing.clientWidth > 480;
    const size = () => ({ width: drawing.clientWidth, height: drawing.clientHeight });
    const plot = new uPlot({
      ...size(),
      tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Europe/Copenhagen"),
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: true } },
      axes: [timeAxis(), ...data.units.map((unit, index) => valueAxis(unit, index === 0 ? 3 : 1, roomy))],
      series: [{}, ...data.series.map((series, index) => line(series, index, keys[index]))],
      bands: bands(data.series, keys),
      hooks: { setCursor: [(drawn) => readOut(drawn, figure, data)] },
    }, [data.times, ...data.series.map((series) => series.values)], drawing);
    new ResizeObserver(() => plot.setSize(size())).observe(drawing);
  }

  function start() {
    window.DKFDS?.init();
    document.querySelectorAll("[data-live]").forEach(announce);
    if (window.uPlot) document.querySelectorAll("[data-plot]").forEach(draw);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
