import Foundation
import Testing
import brume_modelgen

@Suite struct GeneratorTests {
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../..").standardized
    static let hostile = root.appending(path: "Tests/HostileModel/Model")

    @Test func `the model of hostile names generates what is compiled here`() throws {
        let generated = self.expectedFiles(in: Self.root.appending(path: "Tests/HostileModel/Generated"))
        let files = try Generator.service("hostile", named: "Hostile", in: Self.hostile)
        #expect(Set(files.keys) == Set(generated.keys))
        for (path, content) in files {
            #expect(content == generated[path], "\(path); Sources/brume-modelgen/README.md says how it is made again")
        }
    }

    private func expectedFiles(in folder: URL) -> [String: String] {
        var files: [String: String] = [:]
        let walker = FileManager.default.enumerator(atPath: folder.path)
        while let path = walker?.nextObject() as? String {
            guard path.hasSuffix(".swift") else { continue }
            files[path] = try? String(contentsOf: folder.appending(path: path), encoding: .utf8)
        }
        return files
    }

    @Test func `the sources of all services are what their models say`() throws {
        #expect(try Generator(root: Self.root).stale() == [])
    }

    @Test func `the same model gives the same text`() throws {
        let first = try Generator.service("hostile", named: "Hostile", in: Self.hostile)
        for _ in 0..<3 { #expect(try Generator.service("hostile", named: "Hostile", in: Self.hostile) == first) }
    }

    @Test func `an operation that is not listed leaves nothing but its name`() throws {
        let files = try Generator.service("hostile", named: "Hostile", in: Self.hostile)
        let mentions = files.filter { $0.value.contains("Unlisted") }
        #expect(mentions.map(\.key) == ["HostileSchema.swift"])
        #expect(mentions.values.first?.contains("UnlistedInput") == false)
    }

    @Test func `a shape is only read when an input reaches it, and only written when an output does`() throws {
        let files = try Generator.service("hostile", named: "Hostile", in: Self.hostile)
        let (input, output) = (files["Shapes/BindingInput.swift"] ?? "", files["Shapes/BindingOutput.swift"] ?? "")
        #expect(input.contains("init(from reader") && !input.contains("func write(to writer"))
        #expect(!output.contains("init(from reader") && output.contains("func write(to writer"))
    }
}

/// Models that cannot be generated, and trees that are not as they should be; each in a folder of its own.
@Suite struct GeneratorFaultTests {
    private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "brume-modelgen-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private func write(_ text: String, _ folder: URL, _ path: String) throws {
        let url = folder.appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    private static let model = """
        {"source":"a test","service":"shop","metadata":{"apiVersion":"1","endpointPrefix":"shop","protocol":"json",
        "serviceId":"Shop"},"operations":[{"name":"Buy","http":{},"input":{"shape":"BuyInput"},"errors":[]},
        {"name":"Stream","http":{},"input":{"shape":"StreamInput"},"errors":[]}],
        "shapes":[{"name":"BuyInput","type":"structure","members":[{"name":"Colour","shape":"Colour"}]},
        {"name":"Body","type":"blob","streaming":true},{"name":"Colour","type":"string","enum":["RED","GREEN"]},
        {"name":"StreamInput","type":"structure","members":[{"name":"Body","shape":"Body"}]}],"paginators":{}}
        """

    @Test(arguments: [
        ("Sell", "{}", "shop: Sell is listed, but no operation of the model"),
        ("Buy\nBuy", "{}", "shop.ops names an operation twice"),
        ("Stream", "{}", "shop: Body is streamed, which is not generated yet"),
        (
            "Buy", #"{"bindings":[{"shapes":["Nope"],"type":"T","module":"M","reason":"r"}]}"#,
            "shop: a binding names Nope, which is no shape"
        ),
        (
            "Buy", #"{"corrections":[{"shape":"Nope","reason":"r"}]}"#,
            "shop: a correction names Nope, which is no shape"
        ),
        (
            "Buy", #"{"corrections":[{"shape":"Colour","values":["RED"],"reason":"r"}]}"#,
            "shop: a correction of Colour names other values than the model"
        ),
        (
            "Buy", #"{"corrections":[{"shape":"BuyInput","told":["Colour","Size"],"reason":"r"}]}"#,
            "shop: a correction of BuyInput tells other members than the model"
        ),
        (
            "Buy", #"{"corrections":[{"shape":"BuyInput","member":"Colour","min":0,"reason":"r"}]}"#,
            "shop: a correction names BuyInput.Colour, which has no length"
        ),
    ])
    func `a model that cannot be generated is refused with a sentence`(
        _ listing: String, _ patch: String, _ sentence: String
    ) throws {
        try self.withFolder { folder in
            try self.write(Self.model, folder, "shop.json")
            try self.write(listing, folder, "shop.ops")
            try self.write(patch, folder, "shop.patch.json")
            let error = #expect(throws: GeneratorError.self) {
                try Generator.service("shop", named: "Shop", in: folder)
            }
            #expect(error?.sentence == sentence)
        }
    }

    @Test func `changed, missing and left-over files are found, and mended`() throws {
        try self.withFolder { folder in
            try self.write(Self.model, folder, "Models/shop.json")
            try self.write("Buy", folder, "Models/shop.ops")
            let generator = Generator(root: folder)
            let generated = "Sources/Services/Shop/Generated"
            #expect(try generator.stale().count == 5)
            #expect(try generator.write() == 5)
            #expect(try generator.stale() == [])
            try self.write("// changed\n", folder, "\(generated)/ShopSchema.swift")
            try self.write("// left over\n", folder, "\(generated)/Shapes/Gone.swift")
            try FileManager.default.removeItem(at: folder.appending(path: "\(generated)/Shapes/Colour.swift"))
            #expect(
                try generator.stale() == [
                    "\(generated)/Shapes/Colour.swift", "\(generated)/ShopSchema.swift",
                    "\(generated)/Shapes/Gone.swift",
                ])
            _ = try generator.write()
            #expect(try generator.stale() == [])
        }
    }

    @Test func `the order of violations, and bounds of a member, are written into the schema`() throws {
        try self.withFolder { folder in
            let model = Self.model.replacing(
                #"{"name":"Colour","shape":"Colour"}"#,
                with: #"{"name":"Colour","shape":"Colour"},{"name":"Note","shape":"Note"}"#
            ).replacing(
                #"{"name":"Body","type""#,
                with: #"{"name":"Note","type":"string","min":3,"max":9},{"name":"Body","type""#)
            try self.write(model, folder, "Models/shop.json")
            try self.write("Buy", folder, "Models/shop.ops")
            let patch = """
                {"corrections":[{"shape":"BuyInput","told":["Note","Colour"],"reason":"r"},
                {"shape":"BuyInput","member":"Note","min":0,"reason":"r"},
                {"shape":"BuyInput","member":"Colour","sensitive":true,"reason":"r"},
                {"shape":"Note","lengthFirst":true,"sensitive":true,"reason":"r"}]}
                """
            try self.write(patch, folder, "Models/shop.patch.json")
            _ = try Generator(root: folder).write()
            let schema = folder.appending(path: "Sources/Services/Shop/Generated/ShopSchema.swift")
            let lines = try String(contentsOf: schema, encoding: .utf8).split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            for line in [
                "shape BuyInput structure told=Note,Colour input", "member Note Note min=0 max=9",
                "shape Note string min=3 max=9 length-first sensitive", "member Colour Colour sensitive",
            ] {
                #expect(lines.contains(line))
            }
        }
    }

    @Test func `keys of a map are compared by their bytes where a correction says so`() throws {
        try self.withFolder { folder in
            let model = Self.model.replacing(
                #"{"name":"Colour","shape":"Colour"}"#,
                with: #"{"name":"Colour","shape":"Colour"},{"name":"Notes","shape":"Notes"}"#
            ).replacing(
                #"{"name":"Body","type""#,
                with: #"{"name":"Notes","type":"map","key":{"shape":"Note"},"value":{"shape":"Note"}},"#
                    + #"{"name":"Note","type":"string"},{"name":"Body","type""#)
            try self.write(model, folder, "Models/shop.json")
            try self.write("Buy", folder, "Models/shop.ops")
            let file = folder.appending(path: "Sources/Services/Shop/Generated/Shapes/BuyInput.swift")
            _ = try Generator(root: folder).write()
            var text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("notes: Optional<[String: String]>") && text.contains("reader.map("))
            let patch = #"{"corrections":[{"shape":"Note","isExact":true,"reason":"r"}]}"#
            try self.write(patch, folder, "Models/shop.patch.json")
            _ = try Generator(root: folder).write()
            text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("notes: Optional<[ExactName: String]>") && text.contains("reader.exactMap("))
            #expect(text.contains("package import Primitives"))
        }
    }

    @Test func `a folder without models is refused`() throws {
        try self.withFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.appending(path: "Models"), withIntermediateDirectories: true
            )
            #expect(throws: GeneratorError.self) { try Generator(root: folder).generate() }
        }
    }
}
