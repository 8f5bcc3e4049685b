import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct XMLWriterTests {
    private static func write(_ members: [String: DynamicValue], root: XMLWriter.Root) -> String {
        let writer = XMLWriter(root: root)
        DynamicValue.writeStructure(.structure(members), EverythingSchema.xml, to: writer)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    private static let root = XMLWriter.Root.element(name: "E", namespace: nil)

    @Test(arguments: [
        ("<>&\"'", "&lt;&gt;&amp;\"'"), ("a\r\n\tb", "a&#xD;\n\tb"), ("\u{1}\u{1F}", "&#x1;&#x1F;"),
        ("\u{0}", "\u{FFFD}"),
        ("]]>", "]]&gt;"), ("é\u{1F9EA}", "é\u{1F9EA}"), ("\u{FFFE}\u{FFFF}\u{FFFD}", "&#xFFFE;&#xFFFF;\u{FFFD}"),
    ])
    func `text is escaped`(_ text: String, _ escaped: String) {
        #expect(Self.write(["text": .string(text)], root: Self.root) == "<E><text>\(escaped)</text></E>")
    }

    @Test func `an attribute is escaped and goes into the start tag, also when it comes last`() {
        let document = Self.write(
            ["kind": .string("<\"\n\t>"), "number": .integer(1), "nested": .structure(["kind": .string("k")])],
            root: .element(name: "E", namespace: XMLNamespace(uri: "u&v")))
        #expect(
            document == "<E xmlns=\"u&amp;v\" x:kind=\"&lt;&quot;&#xA;&#x9;&gt;\"><number>1</number>"
                + "<nested x:kind=\"k\"></nested></E>")
    }

    @Test func `lists and maps are written flat or in elements`() {
        let document = Self.write(
            [
                "texts": .list([.string("a"), .string("b")]), "flatTexts": .list([.string("a"), .string("b")]),
                "textByName": .map(["k": .string("v")]), "flatByName": .map(["k": .integer(1)]),
            ], root: Self.root)
        #expect(
            document == """
                <E><texts><member>a</member><member>b</member></texts>\
                <textByName><entry><key>k</key><value>v</value></entry></textByName>\
                <flatTexts>a</flatTexts><flatTexts>b</flatTexts>\
                <flatByName><key>k</key><value>1</value></flatByName></E>
                """)
    }

    @Test func `without a root the members stand by themselves and bear the namespace`() {
        let document = Self.write(["text": .string("a")], root: .none(memberNamespace: XMLNamespace(uri: "u")))
        #expect(document == "<text xmlns=\"u\">a</text>")
    }
}
