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

    @Test(arguments: ["", "fetch", "begin", "keystone", String(repeating: "start", count: 1000)])
    func `another word leads to none`(word: String) {
        #expect(Misspelling.nearest(to: word, among: Self.names) == nil)
        #expect(Misspelling.nearest(to: word, among: []) == nil)
    }
}
