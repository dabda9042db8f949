import type { MoverEvent } from './mover-types.ts';

/** What was learned from the mover's output: the tail for the operator, and the facts for the diagnosis. */
export interface Transcript {
  add(event: MoverEvent): void;
  /** The last lines that are no progress and no debug detail, oldest first. */
  tail(): readonly string[];
  /** One sentence on why it failed, from the most exact record there is. Undefined when nothing was said. */
  diagnosis(): string | undefined;
  /** The same in short: what ended the last strategy, without details and without the strategies before it. */
  cause(): string | undefined;
  /** What to do about it, where the text is known. */
  hint(): string | undefined;
}

/** Lines kept for the error message. */
const TAIL_LINES = 20;
const LINE_LENGTH = 500;

/** Collects the output of one run of the mover. Lines are freed of credentials before they are kept. */
export const createTranscript = (): Transcript => {
  const lines: string[] = [];
  // By strategy: the summary at the end says the same again, with more detail.
  const failures = new Map<string, string>();
  let cause: string | undefined;
  let last: string | undefined;
  let noise: string | undefined;
  let podLog: string | undefined;
  const keep = (text: string): void => {
    for (const part of scrub(text).split('\n')) {
      const line = part.slice(0, LINE_LENGTH);
      // Each strategy, and the summary at the end, says the same again: the last time counts.
      const same = lines.indexOf(line);
      if (same >= 0) lines.splice(same, 1);
      lines.push(line);
    }
    lines.splice(0, Math.max(0, lines.length - TAIL_LINES));
  };
  return {
    add: (event) => {
      if (event.type === 'strategy-failed') {
        failures.set(event.strategy ?? '', strategyFailure(event));
        cause = event.error;
      }
      if (event.type === 'declined') failures.set(event.strategy ?? '', declineText(event));
      if (event.type === 'failed') last = event.error;
      if (event.type === 'log' && event.level === 'error') last = event.message;
      if (event.type === 'pod-log') podLog = event.text;
      // Usage errors come before the logger exists: `Error: unknown flag: --x`, then the whole usage text.
      if (event.type === 'noise' && /^Error: /.test(event.text)) noise = event.text;
      const text = lineOf(event);
      if (text !== undefined) keep(text);
    },
    tail: () => [...lines],
    diagnosis: () => {
      const parts = failures.size > 0 ? [...failures.values()] : [noise ?? last];
      const said = parts.filter((part) => part !== undefined);
      return said.length === 0 ? undefined : scrub(said.join('; '));
    },
    cause: () => {
      const said = cause ?? [...failures.values()].at(-1) ?? noise ?? last;
      return said === undefined ? undefined : scrub(said);
    },
    hint: () => {
      const text = [noise, ...failures.values(), last, podLog].join('\n');
      return KNOWN.find((row) => row.pattern.test(text))?.hint;
    },
  };
};

const strategyFailure = (event: MoverEvent & { type: 'strategy-failed' }): string => {
  const detail = event.diagnostics === undefined ? '' : ` (${event.diagnostics})`;
  return `${event.strategy ?? 'a strategy'}: ${event.error}${detail}`;
};

const declineText = (event: MoverEvent & { type: 'declined' }): string =>
  `${event.strategy ?? 'a strategy'} declined: ${event.reason}`;

const lineOf = (event: MoverEvent): string | undefined => {
  switch (event.type) {
    case 'progress':
    case 'identified':
    case 'cleaning-up':
      return undefined;
    case 'log':
      return event.level === 'debug' ? undefined : event.message;
    case 'noise':
      return event.text;
    case 'strategy':
      return `strategy ${event.strategy}`;
    case 'succeeded':
      return 'Migration succeeded';
    case 'declined':
      return declineText(event);
    case 'strategy-failed':
      return strategyFailure(event);
    case 'failed':
      return event.error;
    case 'pod-log':
      return event.text;
    case 'vanished':
    case 'cleanup-failed':
      return event.message;
  }
};

// Texts of the mover, of Kubernetes and of rsync, the most telling first.
const KNOWN: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /unknown (?:shorthand )?flag|invalid argument .* for "|required flag/,
    hint: 'This version of pv-migrate does not accept one of the arguments; check --pv-migrate-flags.',
  },
  {
    pattern: /is mounted to a node/,
    hint: 'A pod still uses the PVC; completed pods count too. Delete the pod, then run the same command again.',
  },
  {
    pattern: /cannot re-use a name that is still in use/,
    hint: 'Objects of an earlier copy are still there. Run the same command again: it removes them first.',
  },
  { pattern: /not writable/, hint: 'The PVC at the destination has no access mode that allows writing.' },
  {
    pattern: /failed to get PVC info|persistentvolumeclaims? .* not found/,
    hint: 'Both PVCs must exist before the copy. Stage the namespace to create those at the destination.',
  },
  {
    pattern: /violates PodSecurity|forbidden: unable to validate against any security context/,
    hint: 'The namespace rejects pods that run as root. Use the non-root option; files then lose their owners.',
  },
  {
    pattern: /exceeded quota|must specify (?:limits|requests)/,
    hint: 'A ResourceQuota rejects the mover pods. Set resources for them in the options, or raise the quota.',
  },
  {
    pattern: /is forbidden: User|cannot (?:create|get|list|delete) resource/,
    hint: 'The user of this context lacks a permission that pv-migrate needs; docs/data.md lists them.',
  },
  {
    pattern: /ImagePullBackOff|ErrImagePull|failed to pull/,
    hint: 'The nodes cannot pull the images of the mover. Name images that they can pull, and pull secrets if needed.',
  },
  {
    pattern: /exited with code 23|Partial transfer|Permission denied/,
    hint: 'Some files could not be read or written. The rsync output below lists them.',
  },
  {
    pattern: /No space left on device|exited with code 11\b/,
    hint: 'The volume at the destination is full.',
  },
  {
    pattern: /upgrading connection|portforward/,
    hint: 'The API server refused a port-forward; the strategy local cannot work here.',
  },
  {
    pattern: /exited with code 255|Connection (?:refused|timed out)|connect to host/,
    hint: 'The pods of the two clusters cannot reach each other. Check firewalls and NetworkPolicies, or use another strategy.',
  },
  {
    pattern: /load balancer|timed out|deadline exceeded/i,
    hint: 'No address or running pod appeared in time. Try nodeport or local in --pv-migrate-strategies, or longer timeouts.',
  },
];

/** Hides what may be a credential: the mover's debug log shares its stream with Helm and the Kubernetes client. */
export const scrub = (text: string): string =>
  text
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '(masked)')
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/g, '$1 (masked)')
    .replace(/\b(password|token|secret|privateKey)(["']?\s*[:=]\s*["']?)[^\s"',}]+/gi, '$1$2(masked)')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s:@]+:[^/\s@]+@/gi, '$1(masked)@');
