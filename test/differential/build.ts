import type { Cases } from "./case.ts";

const file = (text: string): string => `printf '${text.replaceAll("\n", "\\n")}' >Dockerfile; `;

/** The classic builder. */
export const cases: Cases = {
  "progress and cache": [
    file('FROM ltdiff\nENV A=1\nCOPY f /f\nRUN cat /f\nCMD ["x"]\n') + "echo hi >f; docker build -t ltdiff-a .",
    "docker build -t ltdiff-a .",
    "echo ho >f; docker build -t ltdiff-a .",
    "docker build --no-cache -t ltdiff-a -t ltdiff-b:x .",
    "docker build -q . | sed 's/:.*/:ID/'; docker build -q -t ltdiff-a . | sed 's/:.*/:ID/'",
    "docker build --iidfile id . >/dev/null; wc -c <id",
    "docker build --rm=false --no-cache . | tail -1 | cut -c1-18",
    "docker build --label l=1 -t ltdiff-c . | tail -3; docker inspect -f '{{json .Config.Labels}}' ltdiff-c",
  ],
  errors: [
    "docker build .",
    "docker build nodir",
    "docker build",
    "docker build -f nope .",
    "docker build -t UPPER .",
    file("FROM ltdiff\nNOPE x\n") + "docker build .",
    file("FROM ltdiff\nRUN exit 3\n") + "docker build .",
    file("FROM ltdiff\nRUN nosuch\n") + "docker build .",
    file('FROM ltdiff\nRUN ["nosuch"]\n') + "docker build .",
    file("FROM ltdiff\nCOPY nope /\n") + "docker build .",
    file("FROM ltdiff\nCOPY ../x /\n") + "docker build .",
    file("FROM ltdiff\nCOPY a b /c\n") + "touch a b; docker build .",
    file("FROM ltdiff\nCOPY\n") + "docker build .",
    file("") + "docker build .",
    file("RUN x\n") + "docker build .",
    file("FROM nosuchimage\n") + "docker build .",
    file("FROM ltdiff AS 1x\n") + "docker build .",
    file("FROM ltdiff\nCOPY --from=nope /a /b\n") + "docker build .",
    file("FROM ltdiff\nENV\n") + "docker build .",
    file("FROM ltdiff\nEXPOSE x/y\n") + "docker build .",
    file("FROM ltdiff\nADD http://127.0.0.1:1/x /x\n") + "docker build .",
    file("FROM ltdiff\nUSER nope\nRUN true\n") + "docker build .",
    file("FROM ltdiff\nRUN --mount=type=cache,target=/x true\n") + "docker build .",
    file("FROM ltdiff\nCOPY --chmod=755 a /a\n") + "docker build .",
    file("FROM ltdiff\nSTOPSIGNAL NOPE\n") + "docker build .",
    file("FROM ltdiff\nHEALTHCHECK NOPE\n") + "docker build .",
    file("FROM ltdiff\nONBUILD FROM x\n") + "docker build .",
    file("FROM\n") + "docker build .",
    file("FROM ltdiff\nCOPY <<E /x\nhi\nE\n") + "docker build .",
    file("FROM ltdiff\n") + "docker build --target nope .",
    "docker build --build-arg X=1 . | head -3; docker build --build-arg X=1 . >/dev/null",
    "docker build --memory x .; docker build --shm-size x .; docker build --network nope .; docker build --platform nope .; docker build --squash .; docker build --nope .",
    "docker build -t 'x:bad tag' .; docker build -t a@b .",
  ],
  "arguments, stages": [
    file(
      "ARG V=ltdiff\nARG W\nFROM $V AS one\nARG V\nARG W=w\nRUN echo V=$V W=$W\nFROM one AS two\nARG X=x\nENV Y=${X:-z} Z=${Q:+q}\nRUN echo $Y $Z; env | grep -c ^X\nFROM scratch\nCOPY --from=one /etc/plain /\nCOPY --from=0 /data /data\n",
    ) + "docker build --no-cache -t ltdiff-a .",
    "docker build --build-arg W=arg --build-arg X=y --build-arg NOPE=1 --target two -t ltdiff-a .",
    "docker build --target ONE -q . | sed 's/:.*//'; W=env docker build --build-arg W --target 0 . | grep 'V='",
    file("FROM ltdiff\nARG HTTP_PROXY\nRUN echo $HTTP_PROXY $http_proxy\n") +
      "docker build --build-arg HTTP_PROXY=p --build-arg http_proxy=q . | grep '^p'",
    file("FROM ltdiff\nRUN echo $TARGETPLATFORM\nARG TARGETPLATFORM\nRUN echo t=$TARGETPLATFORM\n") +
      "docker build . | grep t=",
    file("FROM --platform=linux/amd64 ltdiff\nRUN uname -m\n") + "docker build . | tail -2 | head -1",
    file(
      'FROM ltdiff\nUSER alice\nWORKDIR /w\nWORKDIR x\nRUN id; pwd; ls -ld . ..\nVOLUME /v\nRUN touch /v/x 2>/dev/null; ls /v\nEXPOSE 80 90/udp 100-102\nENTRYPOINT e x\nSTOPSIGNAL 9\nSHELL ["sh", "-c"]\nMAINTAINER me\nLABEL a=b "c d"=e\n',
    ) + "docker build -t ltdiff-c .",
    "docker inspect -f '{{json .Config}} {{.Author}}' ltdiff-c",
    file("FROM ltdiff\nONBUILD RUN echo trigger\nONBUILD ENV O=1\n") +
      "docker build -q -t ltdiff-d . >/dev/null; printf 'FROM ltdiff-d\\n' | docker build -",
  ],
  "copy and add": [
    "mkdir -p d/sub; echo 1 >d/a; echo 2 >d/sub/b; ln -s a d/l; chmod 600 d/a; tar -C d -czf t.tgz .; echo x >'sp ace'; mkfifo /dev/null 2>/dev/null; true",
    file(
      'FROM ltdiff\nCOPY d /d\nCOPY d/ /d2/\nCOPY d/* /d3/\nCOPY d/a /e\nCOPY d/a /new/dir/\nADD t.tgz /t\nCOPY t.tgz /t2/\nCOPY ["sp ace", "/s p"]\nCOPY --chown=alice:users d/a /own\nCOPY --chown=1:2 d /own2\nRUN find /d /d2 /d3 /e /new /t /t2 "/s p" /own /own2 -exec stat -c "%%n %%u:%%g %%a %%F" {} + | sort\n',
    ) + "docker build -t ltdiff-a . | grep -v '^ --->'",
    file("FROM ltdiff\nCOPY --chown=nope d /d\n") + "docker build .",
    file("FROM ltdiff\nCOPY d/* /single\n") + "docker build .",
    file("FROM ltdiff\nCOPY d/no* /x/\n") + "docker build .",
    file("FROM ltdiff\nWORKDIR /w\nCOPY d/a .\nCOPY d/a rel/\nRUN find /w | sort\n") + "docker build . | grep /w/",
    file("FROM ltdiff\nCOPY d /etc/plain\n") + "docker build .",
    file("FROM ltdiff\nCOPY . /c\nRUN find /c | sort\n") +
      "printf '# c\\nd/sub\\n*.tgz\\n!d/sub/b\\nDockerfile\\n.dockerignore\\n' >.dockerignore; docker build . | grep /c",
    "printf '*\\n!d\\n' >.dockerignore; docker build . | grep /c; printf '**/b\\n' >.dockerignore; docker build . | grep /c; printf '[\\n' >.dockerignore; docker build .; rm .dockerignore",
  ],
  "where the file is": [
    "mkdir c; echo hi >c/f; printf 'FROM ltdiff\\nCOPY f /\\nRUN cat /f\\n' >c/Other; docker build -f c/Other c | grep -c hi; cp c/Other out; docker build -f out c | grep -c '^hi'; docker build -f - c <c/Other | grep -c '^hi'; (cd c; docker build -f Other . | grep -c '^hi')",
    "printf 'FROM ltdiff\\nRUN echo stdin\\n' | docker build - | grep -c ^stdin; printf 'FROM ltdiff\\nCOPY f /\\n' | docker build -",
    "cp c/Other c/Dockerfile; tar -C c -c . | docker build - | grep -c ^hi; tar -C c -cz . | docker build -f Other - | grep -c ^hi; docker build -f - - </dev/null; docker build - </dev/null; echo | docker build -",
    "tar -C c -c f | docker build -; docker build http://127.0.0.1:1/x",
    "echo Dockerfile >c/.dockerignore; docker build -q c | sed 's/:.*//'",
  ],
};
