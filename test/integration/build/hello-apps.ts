// Apps as in a guide for beginners, one a language; each answers `one`, and has something to download.

/** A server, and one module. */
export const GO = {
  'go.mod': 'module example.com/hello\n\ngo 1.21\n\nrequire github.com/google/uuid v1.6.0\n',
  'go.sum': `github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
`,
  'main.go': `package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/google/uuid"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "one ", len(uuid.NewString()))
	})
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`,
};

/** A pom.xml of `hello` 1.0 with this inside. */
export const pom = (inside: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId>
  <artifactId>hello</artifactId>
  <version>1.0</version>
  ${inside}
</project>
`;

/** The JDK's own server, in a jar that can be started; Maven downloads its plugins. */
export const JAVA = {
  'pom.xml': pom(`<properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <build><plugins><plugin>
    <artifactId>maven-jar-plugin</artifactId>
    <configuration><archive><manifest><mainClass>Hello</mainClass></manifest></archive></configuration>
  </plugin></plugins></build>`),
  Procfile: 'web: java $JAVA_OPTS -jar target/hello-1.0.jar\n',
  'src/main/java/Hello.java': `import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class Hello {
  public static void main(String[] args) throws Exception {
    var server = HttpServer.create(new InetSocketAddress(Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/", exchange -> {
      var body = "one".getBytes();
      exchange.sendResponseHeaders(200, body.length);
      try (var out = exchange.getResponseBody()) { out.write(body); }
    });
    server.start();
  }
}
`,
};

/** A server, and a crate that listens. */
export const RUST = {
  'Cargo.toml': `[package]
name = "hello"
version = "0.1.0"
edition = "2021"

[dependencies]
tiny_http = "0.12"
`,
  'Cargo.lock': `version = 3

[[package]]
name = "ascii"
version = "1.1.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "d92bec98840b8f03a5ff5413de5293bfcd8bf96467cf5452609f939ec6f5de16"

[[package]]
name = "chunked_transfer"
version = "1.5.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "6e4de3bc4ea267985becf712dc6d9eed8b04c953b3fcfb339ebc87acd9804901"

[[package]]
name = "hello"
version = "0.1.0"
dependencies = [
 "tiny_http",
]

[[package]]
name = "httpdate"
version = "1.0.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "df3b46402a9d5adb4c86a0cf463f42e19994e3ee891101b1841f30a545cb49a9"

[[package]]
name = "log"
version = "0.4.35"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "5d15f86d12da44cd8d4ec3c73984537eb7f4cadcb9776a575a0a8a05ca11005c"

[[package]]
name = "tiny_http"
version = "0.12.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "389915df6413a2e74fb181895f933386023c71110878cd0825588928e64cdc82"
dependencies = [
 "ascii",
 "chunked_transfer",
 "httpdate",
 "log",
]
`,
  'src/main.rs': `fn main() {
    let port = std::env::var("PORT").expect("PORT");
    let server = tiny_http::Server::http(format!("0.0.0.0:{port}")).expect("a free port");
    for request in server.incoming_requests() {
        let _ = request.respond(tiny_http::Response::from_string("one"));
    }
}
`,
};
