// Prints a FileDescriptorProto as proto source: messages, enums, oneofs and extensions, without custom options.
// protovalidate ships its rules only as a descriptor; buf needs the source to compile what imports them.
const LABEL = { 1: 'optional ', 2: 'required ', 3: 'repeated ' };
const SCALAR = ['', 'double', 'float', 'int64', 'uint64', 'int32', 'fixed64', 'fixed32', 'bool', 'string', '', '', 'bytes', 'uint32', '', 'sfixed32', 'sfixed64', 'sint32', 'sint64'];

/** @param file a FileDescriptorProto of syntax proto2 or proto3 */
export function printProto(file) {
  const proto2 = file.syntax !== 'proto3';
  return [
    `syntax = "${proto2 ? 'proto2' : 'proto3'}";`,
    `package ${file.package};`,
    ...file.dependency.map((path) => `import "${path}";`),
    ...file.messageType.map((m) => message(m, proto2)),
    ...file.enumType.map(enumeration),
    ...extensions(file.extension, proto2),
    '',
  ].join('\n');
}

function message(m, proto2) {
  const nested = new Map(m.nestedType.map((n) => [n.name, n]));
  const lines = [];
  m.oneofDecl.forEach((oneof, index) => {
    const members = m.field.filter((f) => inOneof(f, index));
    if (members.length > 0) lines.push(`oneof ${oneof.name} {\n${members.map((f) => field(f, '')).join('\n')}\n}`);
  });
  for (const f of m.field) {
    const entry = nested.get(f.typeName.split('.').pop());
    if (f.label === 3 && entry?.options?.mapEntry) {
      nested.delete(entry.name);
      const [key, value] = entry.field;
      lines.push(`map<${type(key)}, ${type(value)}> ${f.name} = ${f.number};`);
    } else if (!m.oneofDecl.some((_, index) => inOneof(f, index))) {
      lines.push(field(f, proto2 || f.proto3Optional || f.label === 3 ? LABEL[f.label] : ''));
    }
  }
  for (const range of m.extensionRange) lines.push(`extensions ${range.start} to ${range.end >= 536870912 ? 'max' : range.end - 1};`);
  for (const range of m.reservedRange) lines.push(`reserved ${range.start} to ${range.end - 1};`);
  if (m.reservedName.length > 0) lines.push(`reserved ${m.reservedName.map((n) => `"${n}"`).join(', ')};`);
  lines.push(...[...nested.values()].map((n) => message(n, proto2)), ...m.enumType.map(enumeration), ...extensions(m.extension, proto2));
  return `message ${m.name} {\n${lines.join('\n')}\n}`;
}

const inOneof = (f, index) => Object.hasOwn(f, 'oneofIndex') && f.oneofIndex === index && !f.proto3Optional;
const type = (f) => SCALAR[f.type] || f.typeName;
const field = (f, label) => `${label}${type(f)} ${f.name} = ${f.number};`;

function enumeration(e) {
  return `enum ${e.name} {\n${e.value.map((v) => `${v.name} = ${v.number};`).join('\n')}\n}`;
}

function extensions(list, proto2) {
  const byExtendee = Map.groupBy(list, (f) => f.extendee);
  return [...byExtendee].map(([extendee, fields]) => `extend ${extendee} {\n${fields.map((f) => field(f, LABEL[f.label])).join('\n')}\n}`);
}
