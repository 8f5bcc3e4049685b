import Primitives
import Testing

struct MisspellingTests {
    private static let names = ["start", "status", "store", "keys", "data-dir"]

    @Test(arguments: [
        ("strat", "start"), ("stat", "start"), ("statsu", "status"), ("sotre", "store"), ("key", "keys"),
        ("KEYS", "keys"), ("data_dir", "data-dir"), ("datadir", "data-dir"), ("keyss!", "keys"), ("start", "start"),
    ])
    func `a slip or two lead to the name`(word: String, name: String) {
        #expect(Misspelling.nearest(to: word, among: Self.names) == name)
    }

    @Test func `of two names as near, the one that begins like the word is meant`() {
        #expect(Misspelling.nearest(to: "limt", among: ["list", "limit"]) == "limit")
        #expect(Misspelling.nearest(to: "stort", among: ["start", "store"]) == "store")
        #expect(Misspelling.nearest(to: "x", among: ["a", "b"]) == "a")
    }

    @Test(arguments: ["", "fetch", "begin", "keystone", String(repeating: "start", count: 1000)])
    func `another word leads to none`(word: String) {
        #expect(Misspelling.nearest(to: word, among: Self.names) == nil)
        #expect(Misspelling.nearest(to: word, among: []) == nil)
    }
}
