import { describe, expect, test } from 'vitest';
import { redactText } from '../../../src/operations/move/journal-options.ts';

describe('what looks like a credential is hidden in stored texts', () => {
  test.each([
    ['curl https://ann:pa55@db.example.com/x', 'curl https://(masked)@db.example.com/x'],
    ['postgres://ann:pa55@db:5432/shop', 'postgres://(masked)@db:5432/shop'],
    ['notify --password pa55 --to ops', 'notify --password (masked) --to ops'],
    ['notify --password=pa55 --to ops', 'notify --password=(masked) --to ops'],
    ["notify --api-key 'a b' now", 'notify --api-key (masked) now'],
    ['TOKEN="a b" ./hook.sh', 'TOKEN=(masked) ./hook.sh'],
    ['DB_PASSWORD=x; ./hook.sh', 'DB_PASSWORD=(masked); ./hook.sh'],
    ['-H "Authorization: Bearer abc.def"', '-H "Authorization: Bearer (masked)'],
    ['curl "https://h/x?access_token=abc&y=1"', 'curl "https://h/x?access_token=(masked)&y=1"'],
  ])('%s', (text, hidden) => {
    expect(redactText(text)).toBe(hidden);
  });

  test.each(['curl https://db.example.com:8443/x', 'kubectl -n shop get secrets', 'echo 1 @ 2', ''])(
    '%s stays as it is',
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );
});
