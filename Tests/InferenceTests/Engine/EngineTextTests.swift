import Inference
import ServiceModel
import Testing
import WireProtocols

struct StopScannerTests {
    @Test(
        arguments: [
            (["abc", "x"], ["a", "b", "d"], "abd", nil), (["abc"], ["xa", "bc", "y"], "x", "abc"),
            (["b", "ab"], ["ab"], "", "ab"), (["\n\n"], ["a\n", "b\n", "\n"], "a\nb", "\n\n"), ([], ["a"], "a", nil),
            (["é!"], ["caf", "é", "?"], "café?", nil), ([""], ["a"], "a", nil),
            (["aab"], ["aa", "a", "ab", "c"], "aa", "aab"), (["abac"], ["ab", "aba", "ba", "c"], "abab", "abac"),
        ] as [([String], [String], String, String?)])
    func `text before the first sequence is given out`(
        _ stops: [String], _ pieces: [String], _ text: String, _ found: String?
    ) {
        var scanner = StopScanner(stops)
        var given = ""
        for piece in pieces { given += scanner.take(piece) }
        if scanner.found == nil { given += scanner.end() }
        #expect(given == text)
        #expect(scanner.found == found)
    }

    @Test(.timeLimit(.minutes(1))) func `a text that nearly fits many long sequences is looked through in time`() {
        let nearly = String(repeating: "a", count: 4000)
        var scanner = StopScanner((0..<500).map { "\(nearly)b\($0)" })
        var given = ""
        for piece in [nearly, "c", "d"] { given += scanner.take(piece) }
        #expect(given == "\(nearly)cd" && scanner.end().isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func `one long piece that nearly fits a long sequence is looked through in time`() {
        let kept = String(repeating: "a", count: 4000)
        var scanner = StopScanner(["\(kept)b"])
        #expect(scanner.take(String(repeating: "a", count: 1 << 20)).utf8.count == (1 << 20) - 4000)
        #expect(scanner.end() == kept)
    }

    /// What is held back is not searched again for each piece.
    @Test(.timeLimit(.minutes(1))) func `small pieces that nearly fit long sequences are looked through in time`() {
        let kept = String(repeating: "a", count: 200_000)
        var scanner = StopScanner(["\(kept)b", "\(kept)c"])
        var given = 0
        for _ in 0..<100_000 { given += scanner.take("aaaa").utf8.count }
        #expect(given == 200_000)
        #expect(scanner.take("c").isEmpty && scanner.found == "\(kept)c")
    }
}

struct ServerSentEventsTests {
    private func events(_ pieces: [String]) throws -> [String] {
        var parser = ServerSentEvents()
        var events: [String] = []
        for piece in pieces {
            parser.append(Array(piece.utf8))
            while let data = try parser.next() { events.append(String(decoding: data, as: UTF8.self)) }
        }
        return events
    }

    @Test(
        arguments: [
            (["data: a\n\ndata:b\n\n"], ["a", "b"]), (["da", "ta: a", "\n", "\n"], ["a"]),
            (["data: a\r\n\r\n"], ["a"]), (["data: a\ndata: b\n\n"], ["a\nb"]),
            ([": ping\n\nevent: x\nid: 1\ndata: a\n\n"], ["a"]), (["data: a\n"], []), (["\n\n\n"], []),
        ] as [([String], [String])])
    func `events are found however they are cut`(_ pieces: [String], _ expected: [String]) throws {
        #expect(try self.events(pieces) == expected)
        let bytes = Array(pieces.joined().utf8)
        #expect(try self.events(bytes.map { String(decoding: [$0], as: UTF8.self) }) == expected)
    }

    @Test(arguments: [["\u{FEFF}data: a\n\ndata: b\n\n"], ["\u{FEFF}", "data: a\n", "\ndata: b\n\n"]])
    func `a byte order mark before the first event is no part of it`(_ pieces: [String]) throws {
        #expect(try self.events(pieces) == ["a", "b"])
        #expect(try self.events(["data: a\n\n\u{FEFF}data: b\n\n"]) == ["a"])
    }

    @Test func `an event without an end is not kept for ever`() {
        var parser = ServerSentEvents()
        parser.append([UInt8](repeating: 0x61, count: ServerSentEvents.eventBytesMax + 1))
        #expect(throws: EngineClientError.self) { try parser.next() }
    }
}

struct SchemaGrammarTests {
    private func grammar(_ schema: Document) throws -> String {
        try SchemaGrammar.call(of: [.init(name: "f", description: "", schema: schema)])
    }

    @Test func `a call begins with its name, and members follow without blanks`() throws {
        let text = try self.grammar(
            .object([
                "type": .string("object"),
                "properties": .object([
                    "a": .object(["type": .string("integer")]),
                    "b": .object(["enum": .array([.string("x\"y"), .number(1)])]),
                ]), "required": .array([.string("a")]),
            ]))
        #expect(text.hasPrefix(#"root ::= "{\"name\":\"f\",\"arguments\":" "#))
        #expect(text.contains(#""\"a\":" integer"#))
        #expect(text.contains(#""\"x\\\"y\"" | "1""#))
        #expect(!text.contains("ws") && !text.contains("space"))
    }

    @Test func `a schema may contain itself`() throws {
        let node = Document.object([
            "type": .string("object"),
            "properties": .object([
                "next": .object([
                    "anyOf": .array([.object(["$ref": .string("#")]), .object(["type": .string("null")])])
                ])
            ]),
        ])
        #expect(try self.grammar(node).contains("| null"))
    }

    @Test func `schemas beside others and within them hold together, and arguments are an object`() throws {
        let text =
            #"{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]}],"allOf":["#
            + #"{"properties":{"b":{"prefixItems":[{"type":"null"},{"type":"boolean"}],"type":"array"}}}]}"#
        let grammar = try self.grammar(try #require(Document(json: text)))
        #expect(grammar.contains(##""\"a\":" integer"##) && grammar.contains(#""[" null "," boolean "]""#))
        let some = #"{"properties":{"a":{"type":"array","minItems":2}},"required":["b"]}"#
        let known = try self.grammar(try #require(Document(json: some)))
        #expect(known.contains(##""\"b\":" value"##) && known.contains("{1,}"))
        let either = #"{"anyOf":[{"required":["a"]},{"required":["b"]}]}"#
        let choice = try self.grammar(try #require(Document(json: either)))
        #expect(choice.contains(##""\"a\":" value"##) && !choice.contains("::= value | value"))
        let free = try self.grammar(.object([])).split(separator: "\n")[0]
        #expect(free == #"root ::= "{\"name\":\"f\",\"arguments\":" object "}""#)
    }

    @Test(
        arguments: [
            (#""minItems":4"#, #""[" null "," boolean r1{2} "]""#),
            (#""minItems":1,"maxItems":1"#, #""[" null "]""#), (#""maxItems":0"#, #""[]""#),
            (#""minItems":1"#, #""[" null "," boolean "]""#),
        ] as [(String, String)])
    func `a list with given first elements is as long as its schema says`(_ bounds: String, _ rule: String) throws {
        let list = #"{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}],"items":{"type":"integer"},"#
        let text = #"{"type":"object","properties":{"a":\#(list)\#(bounds)}}}"#
        #expect(try self.grammar(try #require(Document(json: text))).contains(rule))
    }

    @Test(arguments: [Int.min, -1, 0, 1, .max])
    func `bounds that no list or text has end nothing`(_ bound: Int) throws {
        let number = Document.number(bound)
        for (type, first) in [("array", nil), ("array", .array([.null])), ("string", nil)] as [(String, Document?)] {
            let text = try self.grammar(
                .object([
                    "type": .string(type), "items": .object(["type": .string("integer")]), "minItems": number,
                    "prefixItems": first, "maxItems": number, "minLength": number, "maxLength": number,
                ]))
            #expect(text.hasPrefix("root ::= "))
        }
    }

    @Test(
        arguments: [
            ##"{"type":"object","allOf":[{"$ref":"#/$defs/Node"}]}"##,
            ##"{"type":["object","null"],"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]}"##,
            ##"{"required":["next"],"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]}"##,
            ##"{"required":["next"],"allOf":[{"$ref":"#/$defs/Node"}]}"##,
            ##"{"required":["next"],"$ref":"#/$defs/Node"}"##,
        ])
    func `a schema may contain itself beside keywords of its own`(_ next: String) throws {
        let node = #"{"type":"object","properties":{"next":\#(next)}}"#
        let text = #"{"type":"object","properties":{"a":\#(node)},"$defs":{"Node":\#(node)}}"#
        #expect(try self.grammar(try #require(Document(json: text))).utf8.count < 4000)
    }

    @Test func `what stands beside a reference holds as what it refers to`() throws {
        let text =
            ##"{"type":"object","allOf":[{"$ref":"#/$defs/A","required":["a"],"properties":{"c":{}}}],"$defs":{"A":"##
            + ##"{"$ref":"#/$defs/B"},"B":{"properties":{"a":{"type":"null"},"b":{}}}},"required":["b"]}"##
        let grammar = try self.grammar(try #require(Document(json: text)))
        #expect(grammar.contains(##"::= "\"a\":" null r"##) && grammar.contains(##""\"c\":" value"##))
    }

    /// Each level once doubled what it holds.
    @Test(.timeLimit(.minutes(1))) func `a schema that is made of itself twice is put together once`() throws {
        let names = (0..<1000).map { #""a\#($0)""# }.joined(separator: ",")
        let twice = ##"{"type":"object","required":[\##(names)],"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##
        let grammar = try self.grammar(try #require(Document(json: twice)))
        #expect(grammar.split(separator: #""\"a7\":""#).count == 3)
        let choices = Array(repeating: ##"{"required":["x"]}"##, count: 10_000).joined(separator: ",")
        let many = try #require(Document(json: #"{"type":"string","required":[\#(names)],"anyOf":[\#(choices)]}"#))
        #expect(throws: InferenceError.self) { try self.grammar(many) }
    }

    @Test func `what is nested without end, too large or refers to nothing is refused`() {
        var deep = Document.object(["type": .string("string")])
        for _ in 0..<100 { deep = .object(["type": .string("array"), "items": deep]) }
        #expect(throws: InferenceError.self) { try self.grammar(deep) }
        let members = (0..<3000).map { Document.Member("m\($0)", .object(["type": .string("string")])) }
        #expect(throws: InferenceError.self) {
            try self.grammar(.object(["type": .string("object"), "properties": .object(members)]))
        }
        #expect(throws: InferenceError.self) { try self.grammar(.object(["$ref": .string("#/$defs/x")])) }
        let nowhere = ##"{"required":["a"],"allOf":[{"$ref":"#/$defs/x"}]}"##
        #expect(throws: InferenceError.self) { try self.grammar(try #require(Document(json: nowhere))) }
    }

    /// A choice has the texts of what it refers to, as often as it refers to them.
    @Test func `long texts that are referred to again and again are refused`() throws {
        let long = String(repeating: "x", count: 100_000)
        let choices = Array(repeating: ##"{"$ref":"#/$defs/a"}"##, count: 1000).joined(separator: ",")
        for text in [#"{"const":"\#(long)"}"#, #"{"enum":["\#(long)"]}"#, #"{"properties":{"\#(long)":{}}}"#] {
            let schema = #"{"properties":{"p":{"required":["x"],"anyOf":[\#(choices)]}},"$defs":{"a":\#(text)}}"#
            #expect(throws: InferenceError.self) { try self.grammar(try #require(Document(json: schema))) }
        }
    }
}

struct EngineEndpointTests {
    @Test(
        arguments: [
            ("http://localhost:8000/v1", "localhost", 8000, false, ""),
            ("https://a.example", "a.example", 443, true, ""),
            ("http://[::1]:1/x/v1/", "::1", 1, false, "/x"), ("http://h/v1", "h", 80, false, ""),
        ] as [(String, String, Int, Bool, String)])
    func `an address is read`(_ url: String, _ host: String, _ port: Int, _ isTLS: Bool, _ path: String) throws {
        let endpoint = try #require(EngineEndpoint(url: url))
        #expect(endpoint.address == .tcp(host: host, port: port, isTLS: isTLS))
        #expect(endpoint.basePath == path)
    }

    @Test(
        arguments: [
            "ftp://a", "http://", "http://a:0", "http://a:x", "http://u:p@a", "http://a/b?c", "http://a b/",
            "a.example",
            "http://a\r\nX: y", "http://[::1",
        ])
    func `what is no address is refused`(_ url: String) {
        #expect(EngineEndpoint(url: url) == nil)
    }
}
