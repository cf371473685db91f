/** A worker that hands the stream on to the audio thread: a busy page makes no gap. Connects again until it is ended. */

const AGAIN_MS = 1000;

onmessage = ({ data: { url, port } }) => open(url, port);

function open(url, port) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") return postMessage({ hello: JSON.parse(data) });
    const frame = Number(new DataView(data).getBigInt64(0, true));
    port.postMessage({ frame, samples: new Float32Array(data, 8) }, [data]);
  };
  socket.onclose = () => {
    postMessage({ lost: true });
    setTimeout(() => open(url, port), AGAIN_MS);
  };
}
