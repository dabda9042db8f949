// A TCP proxy that delivers every byte later, in both directions; TLS passes through untouched.
// Usage: node delay-proxy.ts <port on 127.0.0.1> <one-way delay in ms>; prints its own port. Ends with its stdin.
import { connect, createServer, type Socket } from 'node:net';

const [target = 0, delayMs = 0] = process.argv.slice(2).map(Number);

const forward = (from: Socket, to: Socket): void => {
  const later = (act: () => void): void => void setTimeout(act, delayMs);
  // Timers of one duration fire in the order in which they were set, so the bytes keep theirs.
  from.on('data', (chunk) => later(() => void (to.writable && to.write(chunk))));
  from.on('end', () => later(() => void to.end()));
  from.on('close', () => later(() => void to.destroy()));
  from.on('error', () => undefined);
};

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  forward(client, upstream);
  forward(upstream, client);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
process.stdin.resume().on('end', () => process.exit());
