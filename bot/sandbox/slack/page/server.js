/** Talking to the sandbox server: one call, and the stream that says when its state changed. */

const POLL_MS = 1500;

/** POST a JSON body; an unreachable server is an answer too. */
export async function call(path, body) {
  return request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** GET a JSON document, or null when the server does not answer. */
export async function fetchJson(path) {
  const answer = await request(path, {});
  return answer.error === "unreachable" ? null : answer;
}

async function request(path, options) {
  try {
    const response = await fetch(`/sandbox/${path}`, options);
    return await response.json();
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

/**
 * Call `refresh` now and whenever the server says that something changed; every so often while the stream is
 * down. `refresh` resolves to whether the server answered, and `onstatus` hears it. Changes that come while a
 * refresh runs are gathered into one more.
 */
export function follow(refresh, onstatus) {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      onstatus(await refresh());
    } while (again);
    running = false;
  };
  const stream = new EventSource("/sandbox/events");
  stream.onmessage = run;
  stream.onopen = run;
  setInterval(() => stream.readyState !== EventSource.OPEN && run(), POLL_MS);
  return run();
}
