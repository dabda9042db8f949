import { afterEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { serveProbes } from '../../src/controller/probe-server.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const serve = async (...[address, answers]: Parameters<typeof serveProbes>): Promise<number | undefined> => {
  const { port, stop } = await serveProbes(address, answers);
  stops.push(stop);
  return port;
};

describe('answers', () => {
  const ask = async (path: string, method = 'GET') => {
    const port = await serve('127.0.0.1:0', {
      '/healthz': () => ({ status: 200, text: 'ok\n' }),
      '/readyz': async () => ({ status: 503, text: 'no\n' }),
      '/metrics': () => ({ status: 200, text: 'm 1\n', contentType: 'text/x' }),
      '/broken': () => {
        throw new Error('a secret of the inside');
      },
    });
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [answer.status, await answer.text(), answer.headers.get('content-type')];
  };
  const TEXT = 'text/plain; charset=utf-8';

  test.each<[string, string, [number, string, string]]>([
    ['GET', '/healthz', [200, 'ok\n', TEXT]],
    ['GET', '/healthz?verbose', [200, 'ok\n', TEXT]],
    ['HEAD', '/healthz', [200, '', TEXT]],
    ['GET', '/readyz', [503, 'no\n', TEXT]],
    ['GET', '/metrics', [200, 'm 1\n', 'text/x']],
    ['GET', '/broken', [500, 'internal error\n', TEXT]],
    ['GET', '/toString', [404, 'not found\n', TEXT]],
    ['GET', '/', [404, 'not found\n', TEXT]],
    ['POST', '/healthz', [405, 'only GET\n', TEXT]],
  ])('%s %s', async (method, path, answer) => {
    expect(await ask(path, method)).toEqual(answer);
  });
});

describe('addresses', () => {
  test.each(['0', ''])('"%s" is none', async (address) => {
    expect(await serve(address, {})).toBeUndefined();
  });

  test.each([':0', '[::1]:0'])('%s is one', async (address) => {
    expect(await serve(address, {})).toBeGreaterThan(0);
  });

  test.each(['8080', 'localhost', ':65536', '127.0.0.1:x', 'http://localhost:1'])(
    '%s is none that can be read',
    async (address) => {
      await expect(serve(address, {})).rejects.toThrow(
        new UsageError(`"${address}" is not an address: use :8080 or 127.0.0.1:8080.`),
      );
    },
  );

  test('one that is taken is told', async () => {
    const port = await serve('127.0.0.1:0', {});
    await expect(serve(`127.0.0.1:${port}`, {})).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}: `);
  });
});
