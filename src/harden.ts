// Without this accessor a key called `__proto__`, which a cluster's objects and records may have, is a key like any
// other wherever it is used, in our code and in that of every package. The launcher does the same.
Reflect.deleteProperty(Object.prototype, '__proto__');
