import { describe, expect, test, vi } from 'vitest';
import { KubeApiError } from '../../src/kube/api-errors.ts';
import type { ClusterReader, KubeObject, WatchEvent, WatchOptions } from '../../src/kube/api-types.ts';
import { type Informer, openInformer } from '../../src/kube/informer.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';

const item = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, uid: `u-${name}`, resourceVersion, managedFields: [{ manager: 'kubectl' }] },
});
const failure = (status: number, reason: string): KubeApiError =>
  new KubeApiError({ context: 'c' }, 'watching configmaps', {
    status,
    reason,
    detail: reason,
    causes: [],
    about: [],
    outcomeUnknown: false,
  });

/** A reader of one type: `watch` says what each watch yields before it ends; lists are counted. */
const readerOf = (watch: (number: number, options: WatchOptions) => AsyncIterable<WatchEvent>) => {
  const seen = { lists: 0, watches: [] as string[] };
  const reader = {
    snapshot: async () => {
      seen.lists++;
      return { objects: [item('listed', '10')], resourceVersion: '10' };
    },
    watch: (_type: unknown, _namespace: unknown, options: WatchOptions) => {
      seen.watches.push(options.resourceVersion);
      return watch(seen.watches.length, options);
    },
  };
  return { seen, reader: reader as unknown as ClusterReader };
};
const never = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));

const withInformer = async (
  reader: ClusterReader,
  work: (informer: Informer) => Promise<void>,
): Promise<void> => {
  const stop = new AbortController();
  const informer = await openInformer(reader, [CONFIG_MAPS], 'shop', { signal: stop.signal });
  try {
    await work(informer);
  } finally {
    stop.abort();
  }
};

describe('looks at a picture that changes all the time', () => {
  test('are about ten a second, and timers run in between', async () => {
    let version = 10;
    const { reader } = readerOf(async function* (_number, { signal }) {
      // All of it arrives in microtasks, as the lines of one chunk do.
      while (signal?.aborted !== true) {
        yield { type: 'modified', object: item('busy', String(++version)) };
        if (version % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await withInformer(reader, async (informer) => {
      const started = performance.now();
      let [looks, ticks] = [0, 0];
      const timer = setInterval(() => ticks++, 5);
      while (performance.now() - started < 1000) {
        await informer.changed(500);
        looks++;
      }
      clearInterval(timer);
      expect(looks).toBeGreaterThan(2);
      expect(looks).toBeLessThan(14);
      // Starved timers would not run once; how often they do in a second is the machine's affair.
      expect(ticks).toBeGreaterThanOrEqual(looks);
    });
  });

  test('come at once when nothing has happened for a while', async () => {
    let tell = (): void => undefined;
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const { reader } = readerOf(async function* (_number, { signal }) {
      await told;
      yield { type: 'added', object: item('new', '11') };
      await never(signal);
    });
    await withInformer(reader, async (informer) => {
      await informer.changed(150);
      const looked = informer.changed(60_000);
      tell();
      await looked;
      expect(informer.objects().map((object) => object.metadata.name)).toEqual(['listed', 'new']);
    });
  });

  test('see each object that has changed once, as it was at the last look and as it is', async () => {
    let tell = (): void => undefined;
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const { reader } = readerOf(async function* (_number, { signal }) {
      await told;
      yield { type: 'modified', object: item('listed', '11') };
      yield { type: 'modified', object: item('listed', '12') };
      yield { type: 'added', object: item('brief', '13') };
      yield { type: 'deleted', object: item('brief', '14') };
      await never(signal);
    });
    await withInformer(reader, async (informer) => {
      const changes = informer.follow();
      const versions = () =>
        changes
          .take()
          .map(({ before, now }) => [before?.metadata.resourceVersion, now?.metadata.resourceVersion]);
      expect(versions()).toEqual([[undefined, '10']]);
      expect(versions()).toEqual([]);
      tell();
      await vi.waitFor(() => expect(informer.version()).toBe(5));
      expect(versions()).toEqual([['10', '12']]);
      expect(informer.objects()[0]?.metadata).not.toHaveProperty('managedFields');
      expect(informer.objects()).toBe(informer.objects());
    });
  });
});

describe('a watch that ends', () => {
  test('by itself goes on from the last version that was seen, without a list', async () => {
    const { seen, reader } = readerOf(async function* (number, { signal }) {
      yield { type: 'opened' };
      if (number > 2) return await never(signal);
      yield { type: 'bookmark', object: item('', String(number * 100)) };
    });
    await withInformer(reader, async () => {
      await vi.waitFor(() => expect(seen.watches).toEqual(['10', '100', '200']), 5000);
      expect(seen.lists).toBe(1);
    });
  });

  test('by a lost connection goes on as well', async () => {
    const { seen, reader } = readerOf(async function* (number, { signal }) {
      yield { type: 'added', object: item('a', String(number * 100)) };
      if (number === 1) throw failure(0, 'Reset');
      await never(signal);
    });
    await withInformer(reader, async (informer) => {
      await vi.waitFor(() => expect(seen.watches).toEqual(['10', '100']), 5000);
      expect(seen.lists).toBe(1);
      await vi.waitFor(() => expect(informer.isCurrent()).toBe(true));
    });
  });

  test.each([
    ['since its version is too old', 'event'],
    ['since the server refuses it', 'answer'],
  ])('%s begins with a list', async (_what, how) => {
    const { seen, reader } = readerOf(async function* (number, { signal }) {
      if (number === 1 && how === 'answer') throw failure(410, 'Expired');
      if (number === 1) yield { type: 'error', reason: 'too old resource version' };
      await never(signal);
    });
    await withInformer(reader, async () => {
      await vi.waitFor(() => expect(seen.watches).toEqual(['10', '10']), 5000);
      expect(seen.lists).toBe(2);
    });
  });
});

describe('a type that may be listed and not watched', () => {
  test('is asked for ever less often, and the silence is told', async () => {
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
    const { seen, reader } = readerOf(async function* () {
      throw failure(403, 'Forbidden');
    });
    await withInformer(reader, async (informer) => {
      const started = performance.now();
      await vi.waitFor(() => expect(performance.now() - started).toBeGreaterThan(3000), 5000);
      expect(seen.lists).toBeGreaterThan(2);
      expect(seen.lists).toBeLessThan(8);
      expect(informer.isCurrent()).toBe(false);
      expect(() => informer.refuseSilence(60_000)).not.toThrow();
      expect(() => informer.refuseSilence(1000)).toThrow(/Forbidden/);
    });
  });
});
