// A bare loop: sends requests to one server, at most so many at once, and does nothing else.
// Usage: node floor.ts <file> with a JSON FloorInput; prints the seconds from the first request to the last answer.
import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import { readEndpoint } from '../../test/cluster/kubeconfig.ts';
import type { Chain, SentRequest } from './requests.ts';

export interface FloorInput {
  readonly kubeconfig: string;
  readonly context: string;
  readonly concurrency: number;
  /** Each phase starts when the one before has ended; a chain is the requests about one object, one after another. */
  readonly phases: readonly (readonly Chain[])[];
}

const input = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as FloorInput;
const { server, ca, cert, key } = readEndpoint(input.kubeconfig, input.context);
// The settings of src/kube/transport.ts.
const agent = new Agent({
  connections: input.concurrency,
  allowH2: false,
  connect: { ca, cert, key, timeout: 10_000 },
});

const send = async ({ method, path, accept, contentType, body }: SentRequest): Promise<void> => {
  const answer = await agent.request({
    origin: server,
    path,
    method: method as 'PATCH',
    headers: { accept, 'content-type': contentType },
    body: body ?? null,
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
};

const started = performance.now();
for (const phase of input.phases) {
  const waiting = phase[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const chain of waiting) for (const request of chain) await send(request);
  };
  await Promise.all(Array.from({ length: input.concurrency }, worker));
}
console.log((performance.now() - started) / 1000);
await agent.destroy();
