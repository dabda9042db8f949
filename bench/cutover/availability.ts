import { Agent, get } from 'node:https';
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
  const failed = (error: Error): void => {
    if (!signal.aborted) throw error;
  };
  get(url, { agent, signal }, (answer) => {
    answer.on('error', failed);
    let rest = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) tell(JSON.parse(line).object);
    });
  }).on('error', failed);
};
