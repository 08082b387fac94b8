// The viewer of an exam: marks, heat map, window and level, zoom and movement, full resolution. The page is whole without.
(() => {
  "use strict";

  const STEP = { zoom: 1.25, move: 0.1, level: 0.05, window: 0.8 };
  const HANGING = ["RCC", "LCC", "RMLO", "LMLO"];
  const LARGEST_ZOOM = 12;
  const NARROWEST = 0.04;

  class Viewer {
    constructor(root) {
      this.root = root;
      this.stage = root.querySelector(".viewer-stage");
      this.frames = [...root.querySelectorAll(".hanging [data-view]")];
      this.slopes = [...root.querySelectorAll("#viewer-window feComponentTransfer > *")];
      this.on = { marks: true, heat: false, full: false };
      this.single = null;
      this.asked = 0;
      this.frames.forEach((frame) => {
        const { width, height } = frame.querySelector("svg").viewBox.baseVal;
        frame.size = { width, height };
        frame.facing = frame.querySelector("svg").getAttribute("preserveAspectRatio");
      });
      this.reset();
      root.querySelector(".viewer-tools").hidden = false;
      root.addEventListener("click", (event) => this.press(event));
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.frames.forEach((frame) => this.follow(frame));
    }

    say(text) {
      this.root.querySelector("[data-status]").textContent = text;
    }

    // What the buttons and the keys do, by name.
    act(name, frame) {
      const acts = {
        marks: () => this.toggle("marks"),
        heat: () => this.toggle("heat"),
        full: () => this.full(),
        in: () => this.zoomBy(STEP.zoom),
        out: () => this.zoomBy(1 / STEP.zoom),
        left: () => this.move(-STEP.move, 0, frame),
        right: () => this.move(STEP.move, 0, frame),
        up: () => this.move(0, -STEP.move, frame),
        down: () => this.move(0, STEP.move, frame),
        brighter: () => this.windowBy(1, -STEP.level),
        darker: () => this.windowBy(1, STEP.level),
        harder: () => this.windowBy(STEP.window, 0),
        softer: () => this.windowBy(1 / STEP.window, 0),
        single: () => this.show(this.single === null ? 0 : null),
        reset: () => { this.reset(); this.show(null); },
        help: () => this.help(),
      };
      if (!acts[name]) return false;
      acts[name]();
      return true;
    }

    press(event) {
      const button = event.target instanceof Element && event.target.closest("[data-do]");
      if (button) this.act(button.dataset.do);
    }

    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const shifted = { ArrowUp: "brighter", ArrowDown: "darker", ArrowLeft: "softer", ArrowRight: "harder" };
      const plain = {
        m: "marks", h: "heat", f: "full", r: "reset", "?": "help", "+": "in", "=": "in", "-": "out",
        ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
      };
      const name = event.shiftKey && shifted[event.key] ? shifted[event.key] : plain[event.key.toLowerCase()] ?? plain[event.key];
      const number = "01234".indexOf(event.key);
      if (name) this.act(name);
      else if (number === 0) this.show(null);
      else if (number > 0) this.show(this.frames.findIndex((frame) => frame.dataset.view === HANGING[number - 1]));
      else return;
      event.preventDefault();
    }

    wheel(event) {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const frame = event.target instanceof Element && event.target.closest("[data-view]");
      this.zoomBy(event.deltaY < 0 ? STEP.zoom : 1 / STEP.zoom, frame ? this.place(event, frame) : undefined);
    }

    // Where the pointer is in what is seen of a view, as parts of its sides from the middle; mirrored as `x` is.
    place(event, frame) {
      const picture = frame.querySelector("svg");
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
      const box = picture.viewBox.baseVal;
      const x = (point.x - box.x) / box.width - 0.5;
      return { x: frame.dataset.side === "right" ? -x : x, y: (point.y - box.y) / box.height - 0.5 };
    }

    // Drag to move; with Shift to change window (sideways) and level (up and down).
    follow(frame) {
      const picture = frame.querySelector("svg");
      let last = null;
      picture.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        last = { x: event.clientX, y: event.clientY };
        picture.setPointerCapture(event.pointerId);
      });
      picture.addEventListener("pointermove", (event) => {
        if (!last) return;
        const { width, height } = this.drawn(frame);
        const dx = (event.clientX - last.x) / width;
        const dy = (event.clientY - last.y) / height;
        last = { x: event.clientX, y: event.clientY };
        if (event.shiftKey) this.windowBy(2 ** -dx, dy);
        else this.move(-dx, -dy, frame);
      });
      ["pointerup", "pointercancel"].forEach((name) => picture.addEventListener(name, () => { last = null; }));
      picture.addEventListener("dblclick", () => this.show(this.single === null ? this.frames.indexOf(frame) : null));
    }

    // Size of a view on the screen, whatever part of it is seen: CSS pixels for the whole frame at zoom 1.
    drawn(frame) {
      const scale = frame.querySelector("svg").getScreenCTM().a / this.zoom;
      return { width: frame.size.width * scale, height: frame.size.height * scale };
    }

    toggle(name) {
      if (name === "heat" && !this.root.querySelector("[data-do=heat]")) return;
      this.on[name] = !this.on[name];
      if (name === "heat") {
        this.root.querySelectorAll(".heat[data-href]").forEach((image) => {
          image.setAttribute("href", image.dataset.href);
          image.removeAttribute("data-href");
        });
      }
      this.root.dataset[name] = this.on[name] ? "on" : "off";
      this.pressed(name, this.on[name]);
      this.say(this.root.dataset[`${name}${this.on[name] ? "On" : "Off"}`]);
    }

    pressed(name, value) {
      this.root.querySelector(`[data-do=${name}]`)?.setAttribute("aria-pressed", String(value));
    }

    // Full resolution of the views that are shown, cut from all grey values with the window that is set now.
    async full() {
      if (this.on.full && this.window === 1 && this.level === 0.5) {
        this.small();
        this.apply();
        this.say(this.root.dataset.fullOff);
        return;
      }
      const cut = this.range();
      if (!await this.fill(cut)) return;
      Object.assign(this, { cut, window: 1, level: 0.5 });
      this.on.full = true;
      this.pressed("full", true);
      this.apply();
      this.say(this.root.dataset.fullOn);
    }

    // The small pictures again. What is still being fetched comes too late.
    small() {
      this.asked += 1;
      this.root.removeAttribute("aria-busy");
      this.frames.forEach((frame) => { this.swap(frame, frame.small); frame.full = null; });
      this.cut = { low: 0, high: 1 };
      this.on.full = false;
      this.pressed("full", false);
    }

    // Fetches what is shown and not yet cut like this, one after the other: the server makes one at a time.
    // True when all of it is there; false when it failed, or something else was asked for in the meantime.
    async fill(cut) {
      const query = `low=${cut.low.toFixed(4)}&high=${cut.high.toFixed(4)}`;
      this.asked += 1;
      const { asked } = this;
      const shown = this.frames.filter((frame, number) => this.single === null || this.single === number);
      const missing = shown.filter((frame) => frame.full !== query);
      if (missing.length) this.say(this.root.dataset.fullWait);
      this.root.setAttribute("aria-busy", "true");
      try {
        for (const frame of missing) {
          const address = `${frame.querySelector(".picture").dataset.full}?${query}`;
          await this.loaded(address);
          if (asked !== this.asked) return false;
          frame.small ??= frame.querySelector(".picture").getAttribute("href");
          this.swap(frame, address);
          frame.full = query;
        }
        return true;
      } catch {
        if (asked === this.asked) this.say(this.root.dataset.fullFailed);
        return false;
      } finally {
        if (asked === this.asked) this.root.removeAttribute("aria-busy");
      }
    }

    loaded(address) {
      const image = new Image();
      image.src = address;
      return image.decode();
    }

    swap(frame, address) {
      if (address) frame.querySelector(".picture").setAttribute("href", address);
    }

    // Black and white of what is seen, as parts of the image's own grey range.
    range() {
      const span = this.cut.high - this.cut.low;
      const low = this.cut.low + span * (this.level - this.window / 2);
      const high = this.cut.low + span * (this.level + this.window / 2);
      return { low: Math.max(0, low), high: Math.min(1, Math.max(high, low + NARROWEST)) };
    }

    reset() {
      Object.assign(this, { zoom: 1, x: 0, y: 0, window: 1, level: 0.5 });
      this.small();
      this.apply();
    }

    // What lies at `at` stays where it is; the middle, when nothing is said.
    zoomBy(factor, at = { x: 0, y: 0 }) {
      const before = this.zoom;
      this.zoom = Math.min(LARGEST_ZOOM, Math.max(1, this.zoom * factor));
      this.x += at.x * (1 / before - 1 / this.zoom);
      this.y += at.y * (1 / before - 1 / this.zoom);
      this.apply();
    }

    // `x` grows away from the chest wall of a left breast; a right breast moves as its mirror image.
    move(dx, dy, frame) {
      const side = frame?.dataset.side ?? (this.single === null ? "left" : this.frames[this.single].dataset.side);
      this.x += (side === "right" ? -dx : dx) / this.zoom;
      this.y += dy / this.zoom;
      this.apply();
    }

    windowBy(factor, shift) {
      this.window = Math.min(2, Math.max(NARROWEST, this.window * factor));
      this.level = Math.min(1, Math.max(0, this.level + shift));
      this.apply();
    }

    apply() {
      const room = (1 - 1 / this.zoom) / 2;
      this.x = Math.min(room, Math.max(-room, this.x));
      this.y = Math.min(room, Math.max(-room, this.y));
      this.frames.forEach((frame) => {
        const { width, height } = frame.size;
        const x = frame.dataset.side === "right" ? -this.x : this.x;
        const box = [(room + x) * width, (room + this.y) * height, width / this.zoom, height / this.zoom];
        const picture = frame.querySelector("svg");
        picture.setAttribute("viewBox", box.map((value) => value.toFixed(2)).join(" "));
        picture.style.setProperty("--zoom", this.zoom);
      });
      this.slopes.forEach((part) => {
        part.setAttribute("slope", (1 / this.window).toFixed(4));
        part.setAttribute("intercept", (0.5 - this.level / this.window).toFixed(4));
      });
      this.tell();
    }

    tell() {
      const values = { zoom: this.zoom, window: this.window, level: this.level };
      const numbers = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 0 });
      const text = this.root.dataset.state.replace(/\{(\w+)\}/g, (_, name) => numbers.format(100 * values[name]));
      this.root.querySelector(".viewer-state").textContent = text;
    }

    show(number) {
      if (number !== null && !this.frames[number]) return;
      this.single = number;
      this.root.classList.toggle("one-view", number !== null);
      this.frames.forEach((frame, place) => {
        frame.hidden = number !== null && place !== number;
        frame.querySelector("svg").setAttribute("preserveAspectRatio", number === null ? frame.facing : "xMidYMid meet");
      });
      this.pressed("single", number !== null);
      this.say(number === null ? this.root.dataset.all : this.frames[number].querySelector("figcaption").textContent);
      if (this.on.full) this.fill(this.cut);  // no view is small, or cut otherwise, while the button says full resolution
    }

    help() {
      const help = this.root.querySelector(".viewer-help");
      help.hidden = !help.hidden;
      this.root.querySelector("[data-do=help]").setAttribute("aria-expanded", String(!help.hidden));
    }
  }

  function start() {
    document.querySelectorAll("[data-viewer]").forEach((root) => new Viewer(root));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
