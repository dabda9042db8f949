import { errorText } from '../common/errors.ts';
import { sleep } from '../common/sleep.ts';
import type { ClusterReader, KubeObject } from '../kube/api-types.ts';
import { openInformer } from '../kube/informer.ts';
import { stringAt } from '../kube/raw-json.ts';
import { SECRETS } from '../kube/well-known.ts';

/** A key of a Secret as it is now. */
export type SecretText =
  | { readonly text: string }
  /** A sentence; no value is in it. */
  | { readonly problem: string };

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

// A right that is missing may be granted while we wait.
const AGAIN_MS = 15_000;
const LOOK_MS = 60_000;

/**
 * Watches one Secret by its name, so that the right to this one is enough, and tells its text at first and whenever it
 * changes. Ends when the signal aborts; never throws.
 */
export const watchSecret = async (
  cluster: ClusterReader,
  place: SecretPlace,
  signal: AbortSignal,
  tell: (found: SecretText) => void,
): Promise<void> => {
  const what = `Secret ${place.namespace}/${place.name}`;
  let told: string | undefined;
  const say = (found: SecretText): void => {
    const key = JSON.stringify(found);
    if (key === told) return;
    told = key;
    tell(found);
  };
  while (!signal.aborted) {
    try {
      const type = { type: SECRETS, fieldSelector: `metadata.name=${place.name}` };
      const informer = await openInformer(cluster, [type], place.namespace, { signal });
      for (;;) {
        say(textOf(informer.objects()[0], what, place.key));
        await informer.changed(LOOK_MS);
      }
    } catch (error) {
      if (signal.aborted) return;
      say({ problem: `${what} cannot be read: ${errorText(error)}` });
      await sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }
};

const textOf = (secret: KubeObject | undefined, what: string, key: string): SecretText => {
  if (secret === undefined) return { problem: `${what} does not exist.` };
  const data = stringAt(secret, 'data', key);
  return data === undefined
    ? { problem: `${what} has no key "${key}".` }
    : { text: Buffer.from(data, 'base64').toString('utf8') };
};
