/* Requests against a server that misbehaves, and archives that nobody should trust.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "base/os.h"
#include "net/http.h"
#include "net/unpack.h"
#include "net_server.h"

typedef struct taken {
  pleat_buf text;
  size_t n_max; /* 0: any */
  bool is_stopped;
} taken;

static pleat_status take(void *arg, const char *bytes, size_t n, pleat_error *err) {
  taken *t = arg;
  pleat_buf_append(&t->text, bytes, n);
  if (!t->n_max || t->text.n <= t->n_max) return PLEAT_OK;
  if (err) err->status = PLEAT_INPUT;
  return PLEAT_INPUT;
}

static bool go_on(void *arg) { return !((const taken *)arg)->is_stopped; }

static pleat_status get(pleat_http *http, const net_server *server, const char *path, taken *t, pleat_http_reply *reply,
                        pleat_error *err) {
  char url[200];
  snprintf(url, sizeof url, "%s%s", server->url, path);
  pleat_buf_clear(&t->text);
  const pleat_http_request request = {.url = url, .opt_on_body = take, .opt_poll = go_on, .arg = t};
  return pleat_http_run(http, &request, reply, err);
}

static void test_replies(pleat_http *http, const net_server *server) {
  taken t = {0};
  pleat_http_reply reply;
  pleat_error err = {0};
  CHECK_OK(get(http, server, "/text", &t, &reply, &err), &err);
  CHECK_INT(reply.code, 200);
  CHECK_STR(t.text.data, "hello");
  CHECK_STR(reply.etag, "\"e\"");
  CHECK_STR(reply.content_type, "text/plain");
  CHECK_INT(reply.length, 5);
  CHECK_OK(get(http, server, "/moved", &t, &reply, &err), &err);
  CHECK_STR(t.text.data, "hello");
  CHECK_OK(get(http, server, "/nul", &t, &reply, &err), &err);
  CHECK(t.text.n == 4 && memcmp(t.text.data, "a\0b\0", 4) == 0);
  for (int i = 0; i < 3; i++) {
    static const int codes[] = {404, 429, 503};
    char path[32];
    snprintf(path, sizeof path, "/status/%d", codes[i]);
    CHECK_OK(get(http, server, path, &t, &reply, &err), &err);
    CHECK_INT(reply.code, codes[i]);
    CHECK_INT(pleat_http_is_transient(reply.code), codes[i] != 404);
    CHECK_INT(t.text.n, 0); /* what a refusal says is no data */
    CHECK_STR(reply.text, "reason   of it");
    CHECK_NEAR(reply.retry_after_s, codes[i] == 404 ? reply.retry_after_s : 7, 0);
  }
  pleat_buf_fini(&t.text);
}

static void test_failures(pleat_http *http, const net_server *server) {
  taken t = {0};
  pleat_http_reply reply;
  pleat_error err = {0};
  CHECK_INT(get(http, server, "/cut", &t, &reply, &err), PLEAT_NETWORK);
  CHECK_INT(get(http, server, "/loop", &t, &reply, &err), PLEAT_NETWORK);
  CHECK_INT(get(http, server, "/local", &t, &reply, &err), PLEAT_INVALID);
  CHECK(t.text.n == 0 && strstr(err.message, "http"));
  double start_ms = pleat_os_time_ms();
  CHECK_INT(get(http, server, "/slow", &t, &reply, &err), PLEAT_NETWORK);
  CHECK(pleat_os_time_ms() - start_ms < 15000);
  t.n_max = 1000;
  CHECK_INT(get(http, server, "/long", &t, &reply, &err), PLEAT_INPUT);
  CHECK(t.text.n < 100000);
  t.is_stopped = true;
  CHECK_INT(get(http, server, "/text", &t, &reply, &err), PLEAT_CANCELLED);
  t = (taken){.text = t.text};
  CHECK_OK(get(http, server, "/text", &t, &reply, &err), &err); /* the connection still works */
  const pleat_http_request wrong[] = {{.url = "file:///etc/passwd"}, {.url = "ftp://127.0.0.1/x"}, {.url = ""}};
  for (size_t i = 0; i < 3; i++) CHECK_INT(pleat_http_run(http, &wrong[i], &reply, &err), PLEAT_INVALID);
  const pleat_http_request nobody = {.url = "http://127.0.0.1:1/"};
  CHECK_INT(pleat_http_run(http, &nobody, &reply, &err), PLEAT_NETWORK);
  CHECK(strstr(err.message, "http://127.0.0.1:1/") != NULL);
  pleat_buf_fini(&t.text);
}

/* Archives, made by Python. */

typedef struct piecewise {
  const char *text;
  size_t n, at;
  pleat_buf names, bytes;
} piecewise;

static pleat_status read_piece(void *arg, const void **out_bytes, size_t *out_n, pleat_error *err) {
  piecewise *p = arg;
  (void)err;
  *out_bytes = p->text + p->at;
  *out_n = p->n - p->at < 700 ? p->n - p->at : 700;
  p->at += *out_n;
  return PLEAT_OK;
}

static pleat_status on_member(void *arg, const char *path, uint64_t size, bool *out_is_wanted, pleat_error *err) {
  piecewise *p = arg;
  (void)err;
  pleat_buf_printf(&p->names, "%s:%llu ", path, (unsigned long long)size);
  *out_is_wanted = strcmp(path, "skipped") != 0;
  return PLEAT_OK;
}

static pleat_status on_bytes(void *arg, const void *bytes, size_t n, pleat_error *err) {
  (void)err;
  pleat_buf_append(&((piecewise *)arg)->bytes, bytes, n);
  return PLEAT_OK;
}

static void test_archive(const net_server *server, const char *name, bool is_plain, size_t n_cut, pleat_status want,
                         const char *names, size_t n_bytes) {
  char path[400];
  piecewise p = {0};
  char *text = NULL;
  pleat_error err = {0};
  snprintf(path, sizeof path, "%s/%s", server->dir, name);
  if (!CHECK_OK(pleat_file_read(path, 1 << 24, &text, &p.n, &err), &err)) return;
  p.text = text;
  p.n -= n_cut;
  const pleat_unpack unpack = {.name = name,
                               .is_plain = is_plain,
                               .read = read_piece,
                               .opt_on_member = on_member,
                               .on_bytes = on_bytes,
                               .arg = &p,
                               .max_bytes = 100000};
  if (!CHECK_INT(pleat_unpack_run(&unpack, &err), want)) fprintf(stderr, "  %s: %s\n", name, err.message);
  if (want) CHECK(strstr(err.message, name) != NULL);
  if (names) CHECK_STR(p.names.data ? p.names.data : "", names);
  if (!want) CHECK_INT(p.bytes.n, n_bytes);
  pleat_buf_fini(&p.names);
  pleat_buf_fini(&p.bytes);
  free(text);
}

static void test_archives(const net_server *server) {
  char command[2000];
  snprintf(command, sizeof command,
           "cd '%s' && python3 - <<'PY'\n"
           "import tarfile, io, gzip\n"
           "def make(name, members, mode='w:gz'):\n"
           "  with tarfile.open(name, mode) as tar:\n"
           "    for path, kind, data in members:\n"
           "      i = tarfile.TarInfo(path); i.type = kind; i.size = len(data); i.linkname = '/etc/passwd'\n"
           "      tar.addfile(i, io.BytesIO(data))\n"
           "R, D, S, L, C = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE\n"
           "make('good.tgz', [('d', D, b''), ('d/a', R, b'x' * 5000), ('skipped', R, b'y' * 9), ('./b', R, b'')])\n"
           "make('good.tar', [('d/a', R, b'x' * 5000)], 'w')\n"
           "make('up.tgz', [('a/../../b', R, b'x')])\n"
           "make('root.tgz', [('/b', R, b'x')])\n"
           "make('sym.tgz', [('b', S, b'')])\n"
           "make('hard.tgz', [('b', L, b'')])\n"
           "make('dev.tgz', [('b', C, b'')])\n"
           "make('bomb.tgz', [('b', R, b'\\0' * 1000000)])\n"
           "open('page.gz', 'w').write('<html>no</html>' * 100)\n"
           "open('one.gz', 'wb').write(gzip.compress(b'a' * 3000) + gzip.compress(b'b' * 4000))\n"
           "open('empty', 'w')\n"
           "PY",
           server->dir);
  CHECK_INT(system(command), 0);
  test_archive(server, "good.tgz", false, 0, PLEAT_OK, "d/a:5000 skipped:9 ./b:0 ", 5000);
  test_archive(server, "good.tgz", false, 20, PLEAT_INPUT, NULL, 0);
  test_archive(server, "good.tar", false, 0, PLEAT_OK, "d/a:5000 ", 5000);
  test_archive(server, "good.tar", false, 6144, PLEAT_INPUT, NULL, 0);
  static const char *const refused[] = {"up.tgz", "root.tgz", "sym.tgz", "hard.tgz", "dev.tgz"};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    test_archive(server, refused[i], false, 0, PLEAT_INPUT, "", 0);
  }
  test_archive(server, "bomb.tgz", false, 0, PLEAT_INPUT, "b:1000000 ", 0);
  test_archive(server, "page.gz", false, 0, PLEAT_INPUT, "", 0);
  test_archive(server, "page.gz", true, 0, PLEAT_INPUT, "", 0);
  test_archive(server, "empty", true, 0, PLEAT_INPUT, "", 0);
  test_archive(server, "one.gz", true, 0, PLEAT_OK, "", 7000);
  test_archive(server, "one.gz", true, 5, PLEAT_INPUT, "", 0);
  static const char *const unsafe[] = {"", "/a", "..", "a/..", "../a", "a\nb", "a\\b"};
  for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) CHECK(!pleat_unpack_is_safe(unsafe[i]));
  CHECK(pleat_unpack_is_safe("a..b/.c/..d"));
}

/* FIPS 180-2, appendix B.1. */
static void test_sha256(void) {
  pleat_sha256 *sha = NULL;
  char text[PLEAT_SHA256_TEXT];
  pleat_error err = {0};
  if (!CHECK_OK(pleat_sha256_create(&sha, &err), &err)) return;
  pleat_sha256_add(sha, "a", 1);
  pleat_sha256_add(sha, "bc", 2);
  pleat_sha256_take(sha, text);
  CHECK_STR(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  pleat_sha256_destroy(sha);
}

int main(void) {
  net_server server = {0};
  pleat_http *http = NULL;
  pleat_error err = {0};
  const pleat_http_options options = {.connect_timeout_s = 3, .stall_timeout_s = 1};
  pleat_status status = pleat_http_open(&options, &http, &err);
  if (status == PLEAT_UNSUPPORTED) return check_skip("built without libcurl");
  if (!CHECK_OK(status, &err)) return check_report();
  if (!net_server_start(&server)) return check_n_failed ? check_report() : check_skip("no python3");
  test_replies(http, &server);
  test_failures(http, &server);
  pleat_sha256 *sha = NULL;
  if (pleat_sha256_create(&sha, &err) == PLEAT_UNSUPPORTED) {
    printf("skipped by name: archives, built without libarchive\n");
  } else {
    test_archives(&server);
    test_sha256();
  }
  pleat_sha256_destroy(sha);
  pleat_http_close(http);
  net_server_stop(&server);
  return check_report();
}
