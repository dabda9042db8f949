import { createServer, type RequestListener, type Server } from 'node:http';
import { UsageError } from '../common/errors.ts';

/** Serves one path of GET requests for each answer. */
export type Answers = Readonly<Record<string, () => Promise<ProbeAnswer> | ProbeAnswer>>;

interface ProbeAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType?: string;
}

/**
 * Serves the answers on an address such as `:8081` or `127.0.0.1:0`; `0` is the older tool's word for none. Throws
 * UsageError when the address cannot be read or used. Returns the port, and how to stop.
 */
export const serveProbes = async (
  address: string,
  answers: Answers,
): Promise<{ readonly port: number | undefined; stop(): Promise<void> }> => {
  if (address === '0' || address === '') return { port: undefined, stop: async () => undefined };
  const { host, port } = parseAddress(address);
  const server = createServer(listener(answers));
  // Whoever opens a connection and says nothing must not keep one for good.
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxConnections = 64;
  await listening(server, host, port, address);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : undefined,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};

const listener =
  (answers: Answers): RequestListener =>
  async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    const {
      status,
      text,
      contentType = 'text/plain; charset=utf-8',
    } = request.method !== 'GET' && request.method !== 'HEAD'
      ? { status: 405, text: 'only GET\n' }
      : answer === undefined
        ? { status: 404, text: 'not found\n' }
        : await answered(answer);
    response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };

// What went wrong inside is for the log; a probe only needs to know that it did.
const answered = async (answer: () => Promise<ProbeAnswer> | ProbeAnswer): Promise<ProbeAnswer> => {
  try {
    return await answer();
  } catch {
    return { status: 500, text: 'internal error\n' };
  }
};

const parseAddress = (address: string): { readonly host: string | undefined; readonly port: number } => {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new UsageError(`"${address}" is not an address: use :8080 or 127.0.0.1:8080.`);
  return { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port };
};

const listening = (server: Server, host: string | undefined, port: number, address: string): Promise<void> =>
  new Promise((done, fail) => {
    server.once('error', ({ message }) => fail(new UsageError(`Cannot listen on ${address}: ${message}.`)));
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => done());
  });
