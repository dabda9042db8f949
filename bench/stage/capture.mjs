// Preloaded into a run of dr-syncer (node --import): writes every HTTP request to the file $CAPTURE_REQUESTS, one JSON
// document a line.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

const lines = [];
subscribe('undici:request:create', ({ request }) => {
  const { method, path, origin, body } = request;
  const headers = headersOf(request.headers);
  lines.push(
    JSON.stringify({
      method,
      path,
      origin: String(origin),
      accept: headers.get('accept') ?? '',
      contentType: headers.get('content-type') ?? '',
      body: body === null || body === undefined ? undefined : String(body),
    }),
  );
});
process.on('exit', () => appendFileSync(process.env.CAPTURE_REQUESTS, `${lines.join('\n')}\n`));

// undici keeps them as a flat list of names and values.
const headersOf = (headers) => {
  const pairs = [];
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at].toLowerCase(), headers[at + 1]]);
  return new Map(pairs);
};
