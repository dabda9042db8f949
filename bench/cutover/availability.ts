import { Agent, get } from 'node:https';
import { createInterface } from 'node:readline';
import type { Endpoint } from '../../test/cluster/api.ts';

/** What a Deployment of a list or of a watch says about its pods. */
export interface Live {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly availableReplicas?: number };
}

/**
 * Calls `tell` with each Deployment that changes after a version, until the signal aborts. To list thousands of them
 * again and again would slow down the very cluster that is measured.
 */
export const watchDeployments = (
  { server, ca, cert, key }: Endpoint,
  path: string,
  resourceVersion: string,
  tell: (live: Live) => void,
  signal: AbortSignal,
): void => {
  const agent = new Agent({ ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) });
  const url = new URL(`${path}?watch=1&resourceVersion=${resourceVersion}`, server);
  get(url, { agent, signal }, (answer) => {
    createInterface({ input: answer }).on('line', (line) => tell(JSON.parse(line).object));
  }).on('error', (error) => {
    if (!signal.aborted) throw error;
  });
};
