import Primitives
import Testing

@Suite struct AddressTextTests {
    @Test(arguments: [
        ("http://user:word@host:80/path cannot be read", "http://***@host:80/path cannot be read"),
        ("https://token@host/", "https://***@host/"),
        ("name=http://a:b@one/v1|http://c@two, http://e:f@g", "name=http://***@one/v1|http://***@two, http://***@g"),
        ("http://user:pa@ss@host", "http://***@host"),
        ("http://user:pa/ss@host/x", "http://***@host/x"), ("http://user:pa'ss@host", "http://***@host"),
        (#"it was "http://user:pa,"ss@host""#, #"it was "http://***@host""#),
        ("http://user:p|w@one,http://b@two", "http://***@two"),
        ("postgres://brume:word@db:5432/brume", "postgres://brume:***@db:5432/brume"),
        ("postgresql://brume@db/brume", "postgresql://brume@db/brume"),
        ("postgres://brume:***@db/brume", "postgres://brume:***@db/brume"),
    ])
    func `users and passwords are left out`(_ text: String, _ shown: String) {
        #expect(AddressText.withoutSecrets(text) == shown)
    }

    @Test(arguments: [
        "", "://", "@", "no address: a@b", "http://host:80/pa@th", "http://host/pa@th", "http://[::1]/a@b",
        "https://host and me@example.com", #"{"url":"http://host:80","mail":"a@b"}"#, "'http://host:80': a@b",
        "s3://bucket/key",
    ])
    func `what has none stays as it is`(_ text: String) {
        #expect(AddressText.withoutSecrets(text) == text)
    }
}
