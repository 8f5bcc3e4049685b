import Inference
import Primitives
import TestSupport
import Testing

/// Why something of the registry was refused; nil when it was not.
private func refusal(_ work: () throws(RegistryError) -> Void) -> RegistryError? {
    do throws(RegistryError) {
        try work()
        return nil
    } catch {
        return error
    }
}

struct ModelRegistryTests {
    @Test func `a model is found as it was taken up`() throws {
        let fixture = try RegistryFixture()
        let record = try fixture.add("mine", [[1, 2, 3]])
        #expect(try fixture.registry.record(named: "mine") == record)
        #expect(try fixture.registry.list().models == [record])
        let paths = try fixture.registry.paths(record)
        #expect(try Disk.read(paths.weights, bytesMax: 10) == [1, 2, 3])
        #expect(try Disk.names(in: fixture.registry.partial).isEmpty)
        #expect(try fixture.registry.record(named: "other") == nil)
    }

    @Test func `a change of what is not there makes no directory`() throws {
        let fixture = try RegistryFixture()
        let registry = fixture.registry
        let reasons = [
            refusal { () throws(RegistryError) in _ = try registry.remove("absent") },
            refusal { () throws(RegistryError) in _ = try registry.setPinned("absent", isPinned: true) },
            refusal { () throws(RegistryError) in try registry.alias("a", to: "absent") },
            refusal { () throws(RegistryError) in try registry.removeAlias("absent") },
        ].map { $0?.reason }
        #expect(reasons == [.unknown, .unknown, .unknown, .unknown])
        #expect(Files.facts(registry.directory) == nil)
    }

    @Test func `a content of two models stays until both are removed`() throws {
        let fixture = try RegistryFixture()
        let first = try fixture.add("first", [[1, 2, 3]])
        try fixture.add("second", [[1, 2, 3]])
        let blob = fixture.registry.blobPath(first.digest)
        #expect(try fixture.registry.remove("first").removedBytes == 0)
        #expect(Files.facts(blob) != nil)
        let removal = try fixture.registry.remove("second")
        #expect(removal.removedBytes == 3)
        #expect(removal.keptElsewhereBytes == 0)
        #expect(Files.facts(blob) == nil)
    }

    @Test func `what another program has under a name of its own is not freed`() throws {
        let fixture = try RegistryFixture()
        let path = try fixture.folder.write([1, 2, 3], "theirs")
        try Disk.createDirectory(fixture.registry.partial)
        let staged = "\(fixture.registry.partial)/x"
        #expect(try Disk.hardLink(path, to: staged))
        let digest = ContentDigest(of: [1, 2, 3])
        let record = ModelRecord(
            name: "linked", files: [.init(role: .weights, digest: digest, bytes: 3, name: "x.gguf")], source: path,
            added: fixture.clock.now())
        try fixture.registry.add(record, staged: [digest: staged])
        let removal = try fixture.registry.remove("linked")
        #expect(removal.removedBytes == 3)
        #expect(removal.keptElsewhereBytes == 3)
        #expect(Files.facts(path)?.linkCount == 1)
    }

    @Test func `parts lie beside each other under their own names`() throws {
        let fixture = try RegistryFixture()
        let record = try fixture.add("big", [[1], [2, 2], [3, 3, 3]])
        let paths = try fixture.registry.paths(record)
        #expect(paths.parts.map(Files.lastName).first == "part-00001-of-00003.gguf")
        #expect(paths.weights == paths.parts.first)
        #expect(try paths.parts.map { try Disk.read($0, bytesMax: 10) } == [[1], [2, 2], [3, 3, 3]])
        _ = try fixture.registry.remove("big")
        #expect(paths.parts.allSatisfy { Files.facts($0) == nil && Disk.linkTarget($0) == nil })
    }

    @Test func `a name is taken once, unless it is to be replaced`() throws {
        let fixture = try RegistryFixture()
        try fixture.add("mine", [[1]])
        #expect(throws: RegistryError.self) { try fixture.add("mine", [[2]]) }
        try fixture.add("mine", [[2]], replaces: true)
        #expect(try fixture.registry.model("mine").digest == ContentDigest(of: [2]))
    }

    @Test func `a model that is replaced stays pinned`() throws {
        let fixture = try RegistryFixture()
        try fixture.add("mine", [[1]])
        _ = try fixture.registry.setPinned("mine", isPinned: true)
        try fixture.add("mine", [[2]], replaces: true)
        #expect(try fixture.registry.model("mine").isPinned)
    }

    @Test(arguments: [false, true])
    func `a content that is there is replaced only on demand, or if its length is wrong`(isDemanded: Bool) throws {
        let fixture = try RegistryFixture()
        let contents: [[UInt8]] = [[1, 2], [3, 4]]
        var record = try fixture.add("mine", contents)
        let inodes = record.files.map { Files.facts(fixture.registry.blobPath($0.digest))?.inode }
        record.name = "second"
        var staged: [ContentDigest: String] = [:]
        for (index, content) in contents.enumerated() {
            let path = "\(fixture.registry.partial)/again-\(index)"
            try Disk.replace(path, with: content)
            staged[ContentDigest(of: content)] = path
        }
        try Disk.replace(fixture.registry.blobPath(record.files[1].digest), with: [3])
        try fixture.registry.add(record, staged: staged, replacesContents: isDemanded)
        let paths = try fixture.registry.paths(record)
        #expect((Files.facts(paths.parts[0])?.inode == inodes[0]) == !isDemanded)
        #expect(try paths.parts.map { try Disk.read($0, bytesMax: 10) } == contents)
        #expect(try Disk.names(in: fixture.registry.partial).isEmpty)
    }

    @Test func `a damaged manifest is told, and keeps contents from being removed`() throws {
        let fixture = try RegistryFixture()
        let record = try fixture.add("mine", [[1]])
        try fixture.add("other", [[2]])
        let path = "\(fixture.registry.directory)/manifests/mine"
        let bytes = try #require(try Disk.read(path, bytesMax: 1 << 20))
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[index] ^= 1
            try Disk.replace(path, with: damaged)
            #expect(refusal { () throws(RegistryError) in _ = try fixture.registry.model("mine") }?.reason == .damaged)
        }
        try Disk.replace(path, with: Array(bytes.dropLast()))
        #expect(try fixture.registry.list().damage.count == 1)
        #expect(refusal { () throws(RegistryError) in _ = try fixture.registry.remove("other") }?.reason == .damaged)
        #expect(Files.facts(fixture.registry.blobPath(record.digest)) != nil)
    }

    @Test func `a content that is missing, shorter or other is told`() throws {
        let fixture = try RegistryFixture()
        let record = try fixture.add("mine", [[1, 2, 3]])
        let blob = fixture.registry.blobPath(record.digest)
        try fixture.registry.verify(record)
        try Disk.replace(blob, with: [1, 2, 4])
        #expect(refusal { () throws(RegistryError) in try fixture.registry.verify(record) }?.reason == .damaged)
        try Disk.replace(blob, with: [1, 2])
        let sentence = refusal { () throws(RegistryError) in _ = try fixture.registry.paths(record) }?.sentence
        #expect(sentence?.contains("has 2 bytes instead of 3") == true)
        try Disk.remove(blob)
        let missing = refusal { () throws(RegistryError) in _ = try fixture.registry.paths(record) }?.sentence
        #expect(missing?.contains("is missing") == true)
    }

    @Test func `what a crash left is removed with the next removal`() throws {
        let fixture = try RegistryFixture()
        try fixture.add("mine", [[1]])
        let orphan = "\(fixture.registry.directory)/blobs/\(ContentDigest(of: [9]).fileName)"
        try Disk.replace(orphan, with: [9])
        _ = try fixture.registry.remove("mine")
        #expect(Files.facts(orphan) == nil)
    }

    @Test func `aliases are made, turned and removed, and go with their model`() throws {
        let fixture = try RegistryFixture()
        try fixture.add("mine", [[1]])
        try fixture.add("other", [[2]])
        try fixture.registry.alias("anthropic.*", to: "mine")
        try fixture.registry.alias("meta.*", to: "other")
        try fixture.registry.alias("anthropic.*", to: "other")
        #expect(
            try fixture.registry.aliases() == [
                .init(pattern: "meta.*", model: "other"), .init(pattern: "anthropic.*", model: "other"),
            ])
        try fixture.registry.removeAlias("meta.*")
        #expect(refusal { () throws(RegistryError) in try fixture.registry.removeAlias("meta.*") }?.reason == .unknown)
        #expect(try fixture.registry.remove("other").aliases.map(\.pattern) == ["anthropic.*"])
        #expect(try fixture.registry.aliases().isEmpty)
        #expect(
            refusal { () throws(RegistryError) in try fixture.registry.alias("x", to: "absent") }?.reason == .unknown)
        #expect(
            refusal { () throws(RegistryError) in try fixture.registry.alias("mine", to: "mine") }?.reason == .usage)
        try fixture.registry.alias("anthropic.*", to: "brume.echo")
    }

    @Test func `a view sees changes, and the best alias answers`() throws {
        let fixture = try RegistryFixture()
        let view = RegistryView(fixture.registry)
        #expect(view.listing.models.isEmpty)
        try fixture.add("small", [[1]])
        try fixture.add("large", [[2]])
        try fixture.registry.alias("anthropic.*", to: "small")
        try fixture.registry.alias("anthropic.claude-3-*", to: "large")
        #expect(view.model(answering: "small")?.name == "small")
        #expect(view.model(answering: "anthropic.claude-v2")?.name == "small")
        #expect(view.model(answering: "anthropic.claude-3-haiku")?.name == "large")
        #expect(view.model(answering: "meta.llama") == nil)
        try fixture.registry.alias("anthropic.claude-3-haiku", to: "small")
        #expect(view.model(answering: "anthropic.claude-3-haiku")?.name == "small")
        _ = try fixture.registry.remove("large")
        #expect(view.model(answering: "anthropic.claude-3-opus")?.name == "small")
    }

    @Test func `the registry is a source of models to load`() async throws {
        let fixture = try RegistryFixture()
        let record = try fixture.add("mine", [[1, 2]])
        try fixture.registry.alias("anthropic.*", to: "mine")
        _ = try fixture.registry.setPinned("mine", isPinned: true)
        let source = RegistryModels(RegistryView(fixture.registry))
        #expect(await source.names() == ["mine"])
        guard case .local(let model)? = try await source.resolve("mine") else {
            Issue.record("the model is known by its name")
            return
        }
        #expect(model.name == "mine")
        #expect(model.isPinned)
        #expect(model.launch.modelPath == fixture.registry.blobPath(record.digest))
        #expect(model.launch.slotContextTokens == 4096)
        #expect(try await source.resolve("anthropic.claude-v2") == nil)
        try Disk.remove(model.launch.modelPath)
        await #expect(throws: InferenceError.self) { _ = try await source.resolve("mine") }
    }
}

struct ModelNameTests {
    @Test(
        arguments: [
            ("llama3.1-8b", true), ("llama3.2:1b", true), ("a", true), ("", false), ("A", false), ("a/b", false),
            (".a", false), ("a..b", false), ("a b", false), ("ä", false), (String(repeating: "a", count: 128), true),
            (String(repeating: "a", count: 129), false),
        ] as [(String, Bool)])
    func `a name is lawful or not`(_ name: String, _ isLawful: Bool) {
        #expect(ModelName.isLawful(name) == isLawful)
    }

    @Test(
        arguments: [
            ("Qwen3-8B-Q4_K_M.gguf", "qwen3-8b-q4_k_m"), ("My Model (v2).gguf", "my-model-v2-"),
            ("big-00001-of-00003.gguf", "big"), ("llama3.2:1b", "llama3.2:1b"), ("-.gguf", "model"),
            ("brume.echo.gguf", "my-brume.echo"), ("a...b", "a.b"),
        ] as [(String, String)])
    func `a lawful name is made of a file's`(_ file: String, _ name: String) {
        #expect(ModelName.suggested(for: file) == name)
        #expect(ModelName.isLawful(ModelName.suggested(for: file)))
    }

    @Test func `parts of a model are told by their names`() {
        let part = SplitFileName("dir/x-00002-of-00012.gguf")
        #expect(part == SplitFileName(base: "dir/x", number: 2, count: 12))
        #expect(part?.all.count == 12)
        #expect(part?.all.last == "dir/x-00012-of-00012.gguf")
        for name in [
            "x.gguf", "x-00000-of-00002.gguf", "x-00003-of-00002.gguf", "-00001-of-00002.gguf", "x-1-of-2.gguf",
        ] {
            #expect(SplitFileName(name) == nil)
        }
    }

    @Test(
        arguments: [
            ("anthropic.*", "anthropic.claude-v2", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "axxc", false),
            ("*", "", true), ("exact", "exactly", false),
        ] as [(String, String, Bool)])
    func `an alias fits whole names`(_ pattern: String, _ name: String, _ fits: Bool) {
        #expect(ModelAlias(pattern: pattern, model: "m").fits(name) == fits)
    }

    @Test func `every model of the list has a lawful name and a reference that is understood`() throws {
        var names: Set<String> = []
        for model in OpenModel.all {
            try ModelName.check(model.name)
            #expect(names.insert(model.name).inserted)
            guard case .hub? = try PullReference(model.reference) else {
                Issue.record("\(model.reference) names no repository")
                continue
            }
        }
        #expect(OpenModel.named("qwen3-8b")?.license == "Apache-2.0")
    }
}
