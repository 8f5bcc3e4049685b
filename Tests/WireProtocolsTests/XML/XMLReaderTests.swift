import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct XMLReaderTests {
    private static func read(_ document: [UInt8]) throws(ShapeError) -> DynamicValue {
        let reader = ShapeReader(try XMLReader(parsing: document))
        let value = try DynamicValue.readStructure(reader, EverythingSchema.xml)
        try reader.wire.finish()
        return value
    }

    private static func read(_ document: String) throws(ShapeError) -> DynamicValue {
        try self.read(Array(document.utf8))
    }

    @Test(arguments: [
        ("<E><text>a</text></E>", "a"),
        ("<E><text> a\tb </text></E>", " a\tb "),
        ("<E><text/></E>", ""),
        ("<E><text></text></E>", ""),
        ("<E><text>&lt;&gt;&amp;&quot;&apos;</text></E>", "<>&\"'"),
        ("<E><text>&#65;&#x42;&#x1F9EA;&#13;</text></E>", "AB\u{1F9EA}\r"),
        ("<E><text>&#1;</text></E>", "\u{1}"),
        ("<E><text>a\r\nb\rc\nd</text></E>", "a\nb\nc\nd"),
        ("<E><text>a<![CDATA[<b>&amp;]]]>c</text></E>", "a<b>&amp;]c"),
        ("<E><text>a<!-- b --><?c d?>e</text></E>", "ae"),
        ("<x:E xmlns:x=\"u\"><x:text>a</x:text></x:E>", "a"),
        ("<E xmlns='u'><y:text xmlns:y='v'>a</y:text></E>", "a"),
        ("<?xml version='1.0' encoding='utf-8' standalone=\"yes\"?>\n<!-- c -->\n<E><text>a</text></E>\n<?p?>\n", "a"),
        ("\u{FEFF}<E><text>a</text></E>", "a"),
        ("<E ><text >a</text ></E >", "a"),
        ("<E><unknown><text>b</text></unknown><text>a</text></E>", "a"),
        ("<E><text>a</text><text>b</text></E>", "b"),
        ("<Ünï><text>]]&gt;</text></Ünï>", "]]>"),
    ])
    func `text is read`(_ document: String, _ text: String) throws {
        #expect(try Self.read(document) == .structure(["text": .string(text)]))
    }

    @Test(arguments: [
        "", " ", "<", "<E", "<E>", "<E></F>", "<E></E><E></E>", "<E></E>x", "x<E></E>", "<E/><", "</E>",
        "<E><a></E></a>",
        "<E a></E>", "<E a=b></E>", "<E a=\"b></E>", "<E a=\"1\" a=\"2\"/>", "<E a=\"1\"b=\"2\"/>", "<E a=\"<\"/>",
        "<E>&</E>", "<E>&amp</E>", "<E>&nbsp;</E>", "<E>&#0;</E>", "<E>&#xD800;</E>", "<E>&#x110000;</E>", "<E>&#;</E>",
        "<E>&#x;</E>", "<E>&#1a;</E>", "<E>&#xFFFFFFFFFFFF;</E>", "<E>]]></E>", "<E>\u{1}</E>", "<E a=\"\u{1}\"/>",
        "<E>\u{FFFF}</E>", "<E a='\u{FFFE}'/>", "<!-- \u{1} --><E/>", "<E><![CDATA[\u{2}]]></E>", "<!-- a -- b --><E/>",
        "<!--", "<E><!-- </E>", "<E><![CDATA[ </E>", "<E><![cdata[]]></E>", "<?xml version='1.0'?", "<E/><?xml ?>",
        " <?xml version='1.0'?><E/>", "<?xml version='1.0' encoding='latin1'?><E/>", "<?p", "<1E/>", "<:E/>", "<a:/>",
        "<a:b:c/>", "<-E/>", "< E/>", "<E/ >", "<!DOCTYPE E><E/>",
        "<!DOCTYPE E [<!ENTITY a \"b\">]><E><text>&a;</text></E>", "<E><!DOCTYPE E></E>", "<E><!ENTITY a 'b'></E>",
    ])
    func `what is not well-formed is refused`(_ document: String) {
        #expect(throws: ShapeError.self) { try Self.read(document) }
    }

    @Test(arguments: [
        [0x3C, 0x45, 0x3E, 0xC3, 0x28], [0x3C, 0xED, 0xA0, 0x80, 0x2F, 0x3E], [0xFF, 0xFE, 0x3C, 0x00],
    ])
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) {
        #expect(throws: ShapeError.self) { try Self.read(bytes) }
    }

    @Test func `attributes are members, whatever prefix they bear`() throws {
        let document = "<E y:kind='a&amp;b\tc\r\nd' xmlns:y='u' other='1'><text>t</text></E>"
        #expect(try Self.read(document) == .structure(["kind": .string("a&b c d"), "text": .string("t")]))
        #expect(try Self.read("<E xmlns:kind='u'/>") == .structure([:]))
    }

    @Test func `flattened lists and maps may be scattered`() throws {
        let document = """
            <E><flatTexts>a</flatTexts><Row><number>1</number></Row><flatTexts>b</flatTexts><number>7</number>
            <flatByName><key>x</key><value>1</value></flatByName><Row/><flatTexts/>
            <flatByName><value>2</value><key>y</key></flatByName></E>
            """
        #expect(
            try Self.read(document)
                == .structure([
                    "flatTexts": .list([.string("a"), .string("b"), .string("")]),
                    "flatEverythings": .list([.structure(["number": .integer(1)]), .structure([:])]),
                    "flatByName": .map(["x": .integer(1), "y": .integer(2)]),
                    "number": .integer(7),
                ]))
    }

    @Test(arguments: [
        "<E><flag>TRUE</flag></E>", "<E><flag/></E>", "<E><number>1.0</number></E>",
        "<E><number>2147483648</number></E>",
        "<E><tiny>128</tiny></E>", "<E><big>9223372036854775808</big></E>", "<E><double>1,5</double></E>",
        "<E><double>nan</double></E>", "<E><double>0x1p3</double></E>", "<E><time>yesterday</time></E>",
        "<E><epochTime>2014-04-29T18:30:38Z</epochTime></E>", "<E><blob>a</blob></E>", "<E><blob>a_==</blob></E>",
        "<E><text><b/></text></E>", "<E><nested>text</nested></E>", "<E><texts>text</texts></E>",
        "<E><textByName><entry><key>a</key></entry></textByName></E>",
        "<E><textByName><entry><value>a</value></entry></textByName></E>", "<E><bigInteger>x</bigInteger></E>",
    ])
    func `values that are not of their type are refused`(_ document: String) {
        #expect(throws: ShapeError.self) { try Self.read(document) }
    }

    @Test func `space around numbers does not matter`() throws {
        let document = "<E><number> 12\n</number><flag> true </flag><blob> AQ\n== </blob></E>"
        #expect(
            try Self.read(document)
                == .structure([
                    "number": .integer(12), "flag": .boolean(true), "blob": .blob([1]),
                ]))
    }

    @Test func `depth, elements and attributes are bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<nested>", count: depth) + String(repeating: "</nested>", count: depth)
        }
        _ = try Self.read(nested(XMLLimits.depthMax))
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) {
            try Self.read(nested(XMLLimits.depthMax + 1))
        }
        #expect(throws: ShapeError.limitExceeded("nesting of more than 128")) {
            try Self.read(String(repeating: "<a>", count: 1_000_000))
        }
        #expect(throws: ShapeError.limitExceeded("more than 500000 elements")) {
            try Self.read("<E>" + String(repeating: "<a/>", count: XMLLimits.elementCountMax) + "</E>")
        }
        let attributes = (0..<XMLLimits.attributeCountMax).map { " a\($0)=''" }.joined()
        _ = try Self.read("<E\(attributes)/>")
        #expect(throws: ShapeError.limitExceeded("more than 32 attributes")) { try Self.read("<E\(attributes) b=''/>") }
    }
}
