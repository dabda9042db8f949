import { Agent, type RequestOptions, request } from 'node:https';
import { api, contextOf, type Json, pair, type Side } from '../../cluster/client.ts';
import { readEndpoint } from '../../cluster/kubeconfig.ts';

/** One change of an object, or the whole list at the start as `ADDED`. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Json;
}

/**
 * Lists a path and watches it from there, independently of the code under test. Resolves after the list. A watch that
 * the server ends, as it does after half an hour, goes on from the last change without a gap; `onLost` is called when
 * that is not possible, because then something may happen that is not seen.
 */
export async function watchPath(
  side: Side,
  path: string,
  onChange: (change: Change) => void,
  onLost: (why: string) => void,
): Promise<() => void> {
  const { server, ca, cert, key, token } = readEndpoint(pair().kubeconfig, contextOf(side));
  const { status, body } = await api(side)('GET', path);
  if (status !== 200) throw new Error(`GET ${path} on ${side} answered ${status}`);
  for (const object of body.items) onChange({ type: 'ADDED', object });
  const agent = new Agent({ ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) });
  const options: RequestOptions = { agent, headers: token ? { authorization: `Bearer ${token}` } : {} };
  let version: string = body.metadata.resourceVersion;
  let stop = (): void => undefined;
  let isStopped = false;
  const lose = (why: string): void => {
    if (!isStopped) onLost(`${path} on ${side}: ${why}`);
  };
  const open = (): void => {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
    const outgoing = request(new URL(`${path}?${query}`, server), options);
    stop = () => outgoing.destroy();
    outgoing.on('error', (error) => lose(error.message));
    outgoing.on('response', (response) => {
      if (response.statusCode !== 200) lose(`answered ${response.statusCode}`);
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(JSON.parse(line));
      });
      response.on('error', (error) => lose(error.message));
      response.on('end', () => isStopped || open());
    });
    outgoing.end();
  };
  const take = ({ type, object }: Json): void => {
    if (type === 'ERROR') {
      lose(object.message);
      return;
    }
    version = object.metadata.resourceVersion;
    if (type !== 'BOOKMARK') onChange({ type, object });
  };
  open();
  return () => {
    isStopped = true;
    stop();
    agent.destroy();
  };
}
