// The files that web/build.py puts beside the page, compressed.

/** The content of a gzip file of this site; `progress` hears how many bytes came. */
export async function unpacked(address, progress = () => {}) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Error(`${address} did not load (${response?.status ?? "no connection"}). Reload the page.`);
  const bytes = await received(response, progress);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b; // some servers have it unpacked by the browser
  if (!isPacked) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export const unpackedJson = async (address) => JSON.parse(new TextDecoder().decode(await unpacked(address)));

async function received(response, progress) {
  const parts = [];
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    progress(part.value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
