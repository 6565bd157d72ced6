import { describe, expect, test } from "bun:test";
import { compileTemplate, formatList, mapData, parseListFormat, type ListSpec } from "./mod.ts";

const data = {
  Name: "web",
  Pid: 12,
  Running: true,
  Empty: "",
  Nil: null,
  Odd: "it's \\ \"<a>&\n",
  List: ["a", "b"],
  Labels: { z: "1", a: "2" },
  Ports: { "80/tcp": [{ HostPort: "8080" }] },
  Deep: { Er: { X: 7 } },
};

function render(source: string): string {
  let text = "";
  compileTemplate(source).execute(mapData(data), (part) => (text += part));
  return text;
}

test.each([
  ["{{.Name}} {{.Pid}} {{.Running}}", "web 12 true"],
  ["{{.List}} {{.Labels}} {{.Nil}}", "[a b] map[a:2 z:1] <no value>"],
  ['{{.Deep.Er.X}} {{(index .List 1)}} {{index .Labels "z"}}', "7 b 1"],
  ['{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"],
  ["{{json .List}} {{.Labels | json}}", '["a","b"] {"z":"1","a":"2"}'],
  ["{{js .Odd}}", String.raw`it\'s \\ \"\u003Ca\u003E\u0026\u000A`],
  ["{{if .Empty}}y{{else if .Running}}z{{else}}n{{end}}", "z"],
  ["{{with .Deep}}{{.Er.X}}{{end}}{{with .Empty}}x{{else}}none{{end}}", "7none"],
  ["{{range .List}}<{{.}}>{{end}}{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "<a><b>a=2;z=1;"],
  ['{{range .Nil}}x{{else}}empty{{end}}{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', "emptya"],
  ['{{$x := .Name}}{{$x | upper | printf "%-5s|%q" "q"}}', 'q    |"WEB"'],
  [
    '{{join .List "-"}} {{split "a,b" ","}} {{title "ab cd"}} {{truncate .Name 2}} {{pad .Name 1 2}}|',
    "a-b [a b] Ab Cd we  web  |",
  ],
  ["{{len .List}} {{len .Name}} {{not .Running}} {{and .Running .Pid}} {{or .Empty .Name}}", "2 3 false 12 web"],
  [
    '{{eq .Pid 12}} {{ne .Name "x"}} {{lt 1 2}} {{ge 2 2}} {{gt 1 2}} {{le 3 2}} {{eq .Pid 1 2 12}}',
    "true true true true false false true",
  ],
  ["a {{- .Name -}} b{{/* note */}}c", "awebbc"],
  ["{{println .Name .Pid}}{{\"q\\n\"}}{{`r\\n`}}{{'a'}}", "web 12\nq\nr\\n97"],
  ["{{$.Name}}{{range .List}}{{$.Pid}}{{end}}", "web1212"],
])("%s", (source, text) => {
  expect(render(source)).toBe(text);
});

describe("errors are Go's", () => {
  test.each([
    ["{{.Foo", "template: :1: unclosed action"],
    ["{{foo}}", 'template: :1: function "foo" not defined'],
    ["{{if .A}}", "template: :1: unexpected EOF"],
    ["{{end}}", "template: :1: unexpected {{end}}"],
    ["{{.Foo}}", 'template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"'],
    ["{{.Name.X}}", "can't evaluate field X in type string"],
    ["{{index .List 9}}", "error calling index: index out of range: 9"],
    ["{{len .Pid}}", "error calling len: len of type int"],
    ["{{lower 1}}", "expected string; found 1"],
    ["{{lower .Pid}}", "wrong type for value; expected string; got int"],
  ])("%s", (source, message) => {
    expect(() => render(source)).toThrow(message);
  });
});

interface Row {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}
const spec: ListSpec<Row> = {
  typeName: "*formatter.RowContext",
  table: ["ID", "Size"],
  columns: [
    { name: "ID", header: "ROW ID", value: ({ id }) => id },
    { name: "Size", header: "SIZE", value: () => "1<2" },
    { name: "Label", header: "", value: () => "", method: ({ labels }, key) => labels[key] ?? "" },
  ],
};
const rows: readonly Row[] = [{ id: "one", labels: { "com.x.cpu": "4" } }];

test.each([
  ["", "ROW ID    SIZE\none       1<2\n"],
  ['table {{.Size}}\\t{{.Label "com.x.cpu"}}', "SIZE      cpu\n1<2       4\n"],
  ["json", '{"ID":"one","Size":"1\\u003c2"}\n'],
  ['{{.ID}}\\t{{.Label "none"}}|', "one\t|\n"],
])("list format %p", (format, text) => {
  expect(formatList(rows, spec, parseListFormat(format))).toBe(text);
});

test("a list's template error names the type of its rows", () => {
  expect(() => formatList(rows, spec, parseListFormat("{{.Foo}}"))).toThrow(
    'failed to execute template: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.RowContext',
  );
  expect(() => formatList(rows, spec, parseListFormat("{{.Foo"))).toThrow(
    "failed to parse template: template: :1: unclosed action",
  );
});

test("index of a key that is not there is empty", () => {
  let text = "";
  compileTemplate('[{{index .Labels "nope"}}]').execute(mapData({ Labels: { a: "b" } }), (part) => (text += part));
  expect(text).toBe("[]");
});
