import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { KubeApiError } from '../../src/kube/api-errors.ts';
import { openContext } from '../../src/kube/contexts.ts';
import { DEFAULT_RETRY } from '../../src/kube/retry.ts';
import { createTransport } from '../../src/kube/transport.ts';
import type { Transport, TransportOptions, WireRequest } from '../../src/kube/wire.ts';
import type { WriteGate } from '../../src/kube/write-gate.ts';

// What the network does is made here by a plain server; what an API server answers is tested on the real ones.

const OPTIONS: TransportOptions = {
  retry: { ...DEFAULT_RETRY, baseMs: 5, capMs: 10 },
  requestTimeoutMs: 5000,
  connections: 4,
  userAgent: 'dr-syncer/test',
};
const READ: WireRequest = { method: 'GET', path: '/version', what: 'asking' };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const openTo = (
  server: string,
  options: Partial<TransportOptions> = {},
  user: object = { token: 't' },
): Transport => {
  const folder = mkdtempSync(join(tmpdir(), 'transport-'));
  const path = join(folder, 'config');
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user }],
    }),
  );
  const transport = createTransport(openContext({ path, env: {} }, 'here', '--context'), {
    ...OPTIONS,
    ...options,
  });
  ends.push(
    () => rmSync(folder, { recursive: true }),
    () => transport.close(),
  );
  return transport;
};

const listen = async (server: Server | TcpServer): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

const serve = async (listener: RequestListener, options?: Partial<TransportOptions>): Promise<Transport> =>
  openTo(`http://127.0.0.1:${await listen(createServer(listener))}`, options);

const ok: RequestListener = (_request, response) => response.end('{}');

describe('the time of a request', () => {
  it('starts when it has a connection, not while it waits for one', async () => {
    const transport = await serve((_request, response) => setTimeout(() => response.end('{}'), 200), {
      connections: 1,
      requestTimeoutMs: 1000,
      retry: { ...OPTIONS.retry, maxAttempts: 1 },
    });
    const answers = await Promise.all(Array.from({ length: 12 }, () => transport.send(READ)));
    expect(answers.map(({ attempts }) => attempts)).toEqual(Array(12).fill(1));
  });

  it('is not waited for in the queue when it is urgent', async () => {
    let release = (): void => undefined;
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const transport = await serve(
      async (request, response) => {
        if (request.url === '/version') await blocked;
        response.end('{}');
      },
      { connections: 2 },
    );
    const waiting = Array.from({ length: 6 }, () => transport.send(READ));
    await transport.send({ ...READ, path: '/lease', urgent: true });
    release();
    await Promise.all(waiting);
  });

  it('limits the making of a connection as well, and an abort takes effect during it', async () => {
    // Accepts the connection and never says a word of TLS.
    const port = await listen(createTcpServer((socket) => ends.push(() => socket.destroy())));
    const transport = openTo(`https://127.0.0.1:${port}`, {
      requestTimeoutMs: 200,
      retry: { ...OPTIONS.retry, maxAttempts: 2 },
    });
    const started = performance.now();
    await expect(transport.send(READ)).rejects.toThrow(KubeApiError);
    // Two attempts of 200 ms; undici by itself waits 10 s for each connection.
    expect(performance.now() - started).toBeLessThan(9000);
    const patient = openTo(`https://127.0.0.1:${port}`, { requestTimeoutMs: 60_000 });
    const stop = new AbortController();
    const asked = patient.send({ ...READ, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    const again = performance.now();
    await expect(asked).rejects.toThrow('enough');
    expect(performance.now() - again).toBeLessThan(9000);
  });
});

describe('credentials that the server refuses', () => {
  it('are renewed once for all requests that used them, whenever their answers come', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plugin-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const plugin = join(folder, 'plugin');
    const credential = (token: string): string =>
      JSON.stringify({
        apiVersion: 'client.authentication.k8s.io/v1',
        kind: 'ExecCredential',
        status: { token },
      });
    const [stale, fresh] = [credential('stale'), credential('fresh')];
    // The first token is stale; the second call takes its time, as one that asks a person does.
    const script = `if [ -e calls ]; then sleep 1; echo '${fresh}'; else echo '${stale}'; fi; echo call >> calls`;
    writeFileSync(plugin, `#!/bin/sh\ncd ${folder}\n${script}\n`, { mode: 0o700 });
    const port = await listen(
      createServer((request, response) => {
        if (request.headers.authorization === 'Bearer fresh') response.end('{}');
        else {
          response.statusCode = 401;
          // While the plugin is asked again, and when it has answered.
          setTimeout(() => response.end('{}'), Number(request.url?.slice(1)));
        }
      }),
    );
    const transport = openTo(
      `http://127.0.0.1:${port}`,
      { retry: { ...OPTIONS.retry, maxAttempts: 1 } },
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: plugin,
          interactiveMode: 'Never',
        },
      },
    );
    const answers = await Promise.all(
      ['/0', '/500', '/2500'].map((path) => transport.send({ ...READ, path })),
    );
    expect(answers.map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('call\ncall\n');
  });
});

describe('a server that is away', () => {
  it('is asked a few times, and for as long as it is to be endured', async () => {
    let left = 9;
    const transport = await serve((request, response) => {
      response.statusCode = left-- > 0 ? 503 : 200;
      ok(request, response);
    });
    await expect(transport.send(READ)).rejects.toMatchObject({ failure: { status: 503 } });
    left = 9;
    expect((await transport.send({ ...READ, enduredMs: () => 60_000 })).attempts).toBe(10);
  });

  it('is not endured without an end when it answers everything but one request', async () => {
    const transport = await serve((request, response) => {
      if (request.url === '/broken') response.writeHead(503).end();
      else response.end('{}');
    });
    const others = setInterval(() => void transport.send(READ).catch(() => undefined), 20);
    try {
      const started = performance.now();
      const broken = transport.send({ ...READ, path: '/broken', enduredMs: () => 1500 });
      await expect(broken).rejects.toThrow(/503/);
      expect(performance.now() - started).toBeGreaterThan(1000);
    } finally {
      clearInterval(others);
    }
  });

  it('is not endured when it answers with a refusal', async () => {
    let asked = 0;
    const transport = await serve((_request, response) => {
      asked++;
      response.statusCode = 500;
      response.end('{}');
    });
    const asking = transport.send({ ...READ, enduredMs: () => 60_000 });
    await expect(asking).rejects.toMatchObject({ failure: { status: 500 } });
    expect(asked).toBe(OPTIONS.retry.maxAttempts);
  });

  it('is left with the reason of the signal, in the wait between two attempts too; a long wait is told: L6', async () => {
    const told: number[] = [];
    const transport = await serve((_request, response) => {
      response.statusCode = 503;
      response.setHeader('retry-after', '60');
      response.end('{}');
    });
    const stop = new AbortController();
    const asked = transport.send({
      ...READ,
      signal: stop.signal,
      onRetry: (_message, waitMs) => {
        told.push(waitMs);
        stop.abort(new Error('the time is over'));
      },
    });
    await expect(asked).rejects.toThrow('the time is over');
    expect(told).toEqual([60_000]);
  });
});

describe('a write', () => {
  const write = (gate: WriteGate, halt?: AbortSignal): WireRequest => ({
    method: 'PATCH',
    path: '/web',
    what: 'patching',
    body: '{}',
    gate,
    halt,
  });

  it('asks its gate before every attempt, and is not sent again once it is closed', async () => {
    let asked = 0;
    let received = 0;
    const transport = await serve((_request, response) => {
      received++;
      response.statusCode = 503;
      response.end('{}');
    });
    const gate: WriteGate = {
      pass: async () => {
        if (++asked === 3) throw new Error('somebody else has the lock');
      },
      leftMs: () => 5000,
    };
    await expect(transport.send(write(gate))).rejects.toThrow('somebody else has the lock');
    expect([asked, received]).toEqual([3, 2]);
  });

  it('lasts no longer than its gate allows', async () => {
    const transport = await serve(() => undefined, {
      requestTimeoutMs: 60_000,
      retry: { ...OPTIONS.retry, maxAttempts: 1 },
    });
    const gate: WriteGate = { pass: async () => undefined, leftMs: () => 100.5 };
    await expect(transport.send(write(gate))).rejects.toMatchObject({
      failure: { reason: 'Timeout', outcomeUnknown: true },
    });
  });

  it.each<[string, 'socket' | 'status', boolean]>([
    ['whose answer was lost stays one of which nobody knows the outcome', 'socket', true],
    ['that was refused twice has certainly not been made', 'status', false],
  ])('%s, also when it is refused at last', async (_what, first, outcomeUnknown) => {
    let received = 0;
    const transport = await serve((request, response) => {
      response.statusCode = ++received === 1 ? 429 : 403;
      if (received === 1 && first === 'socket') request.socket.destroy();
      else response.end('{}');
    });
    const gate: WriteGate = { pass: async () => undefined, leftMs: () => 5000 };
    await expect(transport.send(write(gate))).rejects.toMatchObject({
      failure: { status: 403, outcomeUnknown },
    });
    expect(received).toBe(2);
  });

  it('that is halted ends by itself, and is not sent again', async () => {
    const halt = new AbortController();
    let received = 0;
    const transport = await serve((_request, response) => {
      received++;
      halt.abort(new Error('Ctrl-C'));
      response.statusCode = received === 1 ? 200 : 503;
      response.end('{}');
    });
    const gate: WriteGate = { pass: async () => undefined, leftMs: () => 5000 };
    expect((await transport.send(write(gate, halt.signal))).status).toBe(200);
    await expect(transport.send(write(gate, halt.signal))).rejects.toThrow('Ctrl-C');
    expect(received).toBe(2);
  });
});
