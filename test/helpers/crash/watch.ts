import { Agent, request } from 'node:https';
import { api, contextOf, type Json, pair, type Side } from '../../cluster/client.ts';
import { readEndpoint } from '../../cluster/kubeconfig.ts';

/** One change of an object, or the whole list at the start as `ADDED`. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Json;
}

/**
 * Lists a path and watches it from there, independently of the code under test. Resolves after the list; `onEnd` is
 * called when the watch breaks, because what happens after that is not seen.
 */
export async function watchPath(
  side: Side,
  path: string,
  onChange: (change: Change) => void,
  onEnd: (why: string) => void,
): Promise<() => void> {
  const endpoint = readEndpoint(pair().kubeconfig, contextOf(side));
  const { status, body } = await api(side)('GET', path);
  if (status !== 200) throw new Error(`GET ${path} on ${side} answered ${status}`);
  for (const object of body.items) onChange({ type: 'ADDED', object });
  const { ca, cert, key, token } = endpoint;
  const agent = new Agent({ ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) });
  const url = new URL(`${path}?watch=1&resourceVersion=${body.metadata.resourceVersion}`, endpoint.server);
  const outgoing = request(url, { agent, headers: token ? { authorization: `Bearer ${token}` } : {} });
  let isStopped = false;
  const end = (why: string): void => {
    if (!isStopped) onEnd(`${path} on ${side}: ${why}`);
  };
  outgoing.on('error', (error) => end(error.message));
  outgoing.on('response', (response) => {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line);
        if (event.type === 'ERROR') end(event.object.message);
        else onChange(event);
      }
    });
    response.on('error', (error) => end(error.message));
    response.on('end', () => end('the server ended the watch'));
  });
  outgoing.end();
  return () => {
    isStopped = true;
    outgoing.destroy();
    agent.destroy();
  };
}
