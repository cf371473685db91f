// <rx-drop>: songs in. Files dropped anywhere on the page, or chosen here, go to PUT /api/songs as they are, two at a time, with
// what the <rx-pick>s named loops and stems say; each has a line with its progress and a way to break it off.

const AT_ONCE = 2;

class Upload {
  constructor(file, query, changed) {
    this.file = file;
    this.query = query;
    this.changed = changed;
    this.line = document.createElement("div");
    this.line.className = "rx-upload";
    this.line.innerHTML = '<span class="rx-name"></span><progress max="1" value="0"></progress><button type="button">Cancel</button>';
    this.line.firstChild.textContent = file.name;
    this.bar = this.line.querySelector("progress");
    this.bar.setAttribute("aria-label", `Uploading ${file.name}`);
    this.button = this.line.querySelector("button");
    this.button.setAttribute("aria-label", `Cancel ${file.name}`);
    this.button.onclick = () => this.cancel();
    this.state = "waiting";
  }

  start() {
    this.state = "running";
    this.request = new XMLHttpRequest();
    this.request.open("PUT", `/api/songs?${new URLSearchParams({ name: this.file.name, ...this.query })}`);
    this.request.upload.onprogress = (event) => { this.bar.value = event.loaded / Math.max(1, event.total); };
    this.request.onload = () => this.end(this.request.status < 300 ? "" : this.said());
    this.request.onerror = () => this.end("the connection broke off");
    this.request.onabort = () => this.end("");
    this.request.send(this.file);
  }

  said() {
    try {
      return JSON.parse(this.request.responseText).error || `refused (${this.request.status})`;
    } catch {
      return `refused (${this.request.status})`;
    }
  }

  cancel() {
    if (this.state === "running") this.request.abort();
    else this.end("");
  }

  /** Without an error the line goes; with one it stays until it is closed. */
  end(error) {
    this.state = "done";
    if (error) {
      this.line.innerHTML = '<span class="rx-error" role="alert"></span><button type="button" aria-label="Close">Close</button>';
      this.line.firstChild.textContent = `${this.file.name}: ${error}`;
      this.line.lastChild.onclick = () => this.line.remove();
    } else {
      this.line.remove();
    }
    this.changed();
  }
}

/** What a list beside it says now. */
function picked(name) {
  return document.querySelector(`rx-pick[name="${name}"]`)?.picked ?? "auto";
}

class Drop extends HTMLElement {
  connectedCallback() {
    this.uploads = [];
    this.innerHTML = `
      <label class="rx-dropzone">
        <input type="file" multiple accept="audio/*,.flac,.opus,.m4a,.mp4,.aif,.aiff,.wav,.mp3,.ogg" aria-label="Choose songs">
        <span>Drop songs here</span><small>or click to choose files</small>
      </label>
      <div class="rx-uploads" aria-live="polite"></div>`;
    this.input = this.querySelector("input");
    this.lines = this.querySelector(".rx-uploads");
    this.input.onchange = () => { this.add(this.input.files); this.input.value = ""; };
    this.over = (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      this.classList.add("over");
    };
    this.leave = (event) => { if (!event.relatedTarget) this.classList.remove("over"); };
    this.drop = (event) => {
      this.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    };
    document.addEventListener("dragover", this.over);
    document.addEventListener("dragleave", this.leave);
    document.addEventListener("drop", this.drop);
  }

  disconnectedCallback() {
    document.removeEventListener("dragover", this.over);
    document.removeEventListener("dragleave", this.leave);
    document.removeEventListener("drop", this.drop);
  }

  add(files) {
    const query = { loops: picked("loops"), stems: picked("stems") };
    for (const file of files) {
      const upload = new Upload(file, query, () => this.next());
      this.uploads.push(upload);
      this.lines.append(upload.line);
    }
    this.next();
  }

  next() {
    this.uploads = this.uploads.filter((upload) => upload.state !== "done");
    const running = this.uploads.filter((upload) => upload.state === "running").length;
    this.uploads.filter((upload) => upload.state === "waiting").slice(0, AT_ONCE - running).forEach((upload) => upload.start());
  }
}

customElements.define("rx-drop", Drop);
