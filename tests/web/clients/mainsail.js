// What Mainsail's two readers of MJPEG do with an address (read in its source of July 2026), written anew for a test.
//
// The one for streams looks at each byte. Before a picture, all bytes are its head; the markers at its beginning end the
// head, of which only the last `Content-Length` counts. That many bytes later, the *next* byte ends the picture.

/** Appends what it uses against caches. */
const fresh = (address, parameter) => {
  const url = new URL(address);
  url.searchParams.append(parameter, Date.now().toString());
  return url.toString();
};

const lengthOf = (head) => {
  const lines = head.split('\n').map((line) => line.split(':'));
  const lengths = lines.filter(([name]) => name.toLowerCase() === 'content-length');
  return lengths.length ? Number(lengths.at(-1)[1]) : -1;
};

/** Reads a stream; calls back with the bytes of each picture. */
export async function stream(address, show) {
  const answer = await fetch(fresh(address, 'timestamp'), { mode: 'cors' });
  if (!answer.ok) throw new Error(`${answer.status}: ${answer.statusText}`);
  const reader = answer.body.getReader();
  let [head, length, picture, count] = ['', -1, new Uint8Array(), 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (let at = 0; at < value.length; at++) {
      if (value[at] === 0xff && value[at + 1] === 0xd8) {
        length = lengthOf(head);
        picture = new Uint8Array(length);
      }
      if (length <= 0) {
        head += String.fromCharCode(value[at]);
      } else if (count < length) {
        picture[count++] = value[at];
      } else {
        show(picture);
        [head, length, count] = ['', 0, 0];
      }
    }
  }
}

/** Loads snapshots one after another into an image; calls back after each. */
export function adaptive(address, image, loaded) {
  const next = () => { image.src = fresh(address, 'bypassCache'); };
  image.onload = () => {
    loaded(image);
    setTimeout(next, 100);
  };
  image.onerror = () => setTimeout(next, 1_000);
  next();
}
