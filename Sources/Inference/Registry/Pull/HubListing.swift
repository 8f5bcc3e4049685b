internal import Primitives
internal import ServiceModel

/// The content of a repository, from the hub's API.
/// - Source: `GET /api/models/<repository>/revision/<revision>?blobs=true`, Hugging Face Hub API.
struct HubListing: Sendable, Equatable {
    /// A repository of models has fewer files.
    static let fileCountMax = 10_000
    /// A size beyond this is none that a file has: no sum of them overflows.
    static let fileBytesMax = 1 << 48

    struct File: Sendable, Equatable {
        var path: String
        /// nil if the hub does not report it.
        var bytes: Int64?
        /// Only for large files.
        var sha256: ContentDigest?
    }

    /// The commit that `revision` resolves to: all files are pulled from the same state of the repository.
    var commit: String
    var license: String?
    var files: [File]

    /// - Returns: nil when it is not a response of the API.
    init?(_ document: Document) {
        guard let commit = document["sha"]?.text, Self.isCommit(commit),
            case .array(let siblings)? = document["siblings"], siblings.count <= Self.fileCountMax
        else { return nil }
        self.commit = commit
        self.license = Self.license(document)
        self.files = siblings.compactMap { sibling in
            guard let path = sibling["rfilename"]?.text, !path.hasPrefix("/"),
                !path.unicodeScalars.contains(where: Self.isControl),
                !path.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                    $0 == ".." || $0.isEmpty
                })
            else { return nil }
            let large = sibling["lfs"]
            let bytes = large?["size"]?.integer ?? sibling["size"]?.integer
            return File(
                path: path, bytes: bytes.flatMap { (0...Self.fileBytesMax).contains($0) ? Int64($0) : nil },
                sha256: large?["sha256"]?.text.flatMap { ContentDigest(hex: $0) })
        }
    }

    private static func isCommit(_ text: String) -> Bool {
        (7...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 6 }
    }

    private static func license(_ document: Document) -> String? {
        let card = document["cardData"]
        let said = card?["license_name"]?.text ?? card?["license"]?.text
        let tag = document["tags"]?.elements.compactMap(\.text).first { $0.hasPrefix("license:") }
        return (said ?? tag.map { String($0.dropFirst(8)) }).map { text in
            String(text.unicodeScalars.filter { !self.isControl($0) }.prefix(100))
        }
    }

    /// Such characters would move the cursor of the terminal that shows a name, or change its colours.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
}

/// The files of a repository that form the requested model.
struct HubSelection: Sendable, Equatable {
    /// The quantisations that are selected by default, in order of preference: the ones in common use, small to large.
    static let usual = [
        "Q4_K_M", "MXFP4", "Q4_K_S", "Q5_K_M", "Q4_0", "IQ4_XS", "IQ4_NL", "Q6_K", "Q8_0", "Q5_0", "Q3_K_M", "F16",
        "BF16",
        "F32",
    ]

    /// The parts of the weights, in order.
    var weights: [HubListing.File]
    var projector: HubListing.File?

    /// - Throws: a list of the files when none matches or the choice is ambiguous.
    init(_ selection: HubReference.Selection, in listing: HubListing, repository: String) throws(RegistryError) {
        let models = Self.models(listing.files)
        let chosen: [HubListing.File]?
        switch selection {
        case .file(let path):
            chosen =
                models.first { $0.contains { $0.path == path } }
                ?? listing.files.first { $0.path == path && path.hasSuffix(".gguf") }.map { [$0] }
        case .quantisation(let name):
            chosen = Self.best(models, name)
        case .usual:
            chosen =
                Self.usual.lazy.compactMap { Self.best(models, $0) }.first ?? (models.count == 1 ? models[0] : nil)
        }
        guard let chosen else {
            throw RegistryError(.unknown, Self.nothing(selection, models, repository))
        }
        if let number = chosen.first.flatMap({ SplitFileName($0.path) }), number.count != chosen.count {
            throw RegistryError(
                .damaged,
                "\(repository) has only \(chosen.count) of the \(number.count) parts of \(chosen[0].path). Choose "
                    + "another file of it")
        }
        self.weights = chosen
        self.projector = Self.projector(listing.files, beside: chosen[0].path)
    }

    /// The models of a repository: each is a file, or the parts of a split model.
    private static func models(_ files: [HubListing.File]) -> [[HubListing.File]] {
        var models: [[HubListing.File]] = []
        var placeOfSplit: [String: Int] = [:]
        let ordered = files.filter { $0.path.hasSuffix(".gguf") && !Self.isProjector($0.path) }
            .sorted { ($0.path.utf8.count { $0 == 0x2F }, $0.path) < ($1.path.utf8.count { $0 == 0x2F }, $1.path) }
        for file in ordered {
            guard let part = SplitFileName(file.path) else {
                models.append([file])
                continue
            }
            let key = "\(part.base) \(part.count)"
            if let place = placeOfSplit[key] {
                models[place].append(file)
            } else {
                placeOfSplit[key] = models.count
                models.append([file])
            }
        }
        return models
    }

    /// The model whose file name contains a quantisation as a word; the one with the shortest name if there are
    /// several.
    private static func best(_ models: [[HubListing.File]], _ quantisation: String) -> [HubListing.File]? {
        models.filter { model in model.first.map { Self.has($0.path, quantisation) } ?? false }
            .min { ($0[0].path.utf8.count, $0[0].path) < ($1[0].path.utf8.count, $1[0].path) }
    }

    /// Whether the name contains `quantisation` between characters that are neither letters, digits nor underscores.
    static func has(_ path: String, _ quantisation: String) -> Bool {
        let name = Array(Files.lastName(of: path).lowercased().utf8)
        let word = Array(quantisation.lowercased().utf8)
        guard !word.isEmpty, name.count >= word.count else { return false }
        let isPart: (UInt8) -> Bool = { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
        return (0...(name.count - word.count)).contains { start in
            name[start..<(start + word.count)].elementsEqual(word)
                && (start == 0 || !isPart(name[start - 1]))
                && (start + word.count == name.count || !isPart(name[start + word.count]))
        }
    }

    private static func isProjector(_ path: String) -> Bool {
        Files.lastName(of: path).lowercased().contains("mmproj")
    }

    /// The model's projector: in the same directory or at the top; of several, half precision is preferred.
    private static func projector(_ files: [HubListing.File], beside path: String) -> HubListing.File? {
        let projectors = files.filter { file in
            file.path.hasSuffix(".gguf") && Self.isProjector(file.path)
                && (!file.path.contains("/") || Files.parent(of: file.path) == Files.parent(of: path))
        }
        let wanted = ["F16", "BF16", "Q8_0", "F32"].lazy.compactMap { kind in
            projectors.first { Self.has($0.path, kind) }
        }
        return wanted.first ?? projectors.first
    }

    private static func nothing(
        _ selection: HubReference.Selection, _ models: [[HubListing.File]], _ repository: String
    ) -> String {
        let names = models.compactMap { $0.first?.path }
        guard !names.isEmpty else {
            return "\(repository) has no GGUF file. Look for a repository of the same model with GGUF in its name"
        }
        let what =
            switch selection {
            case .usual: "\(repository) has several models; name one"
            case .quantisation(let name): "\(repository) has no model \(name)"
            case .file(let path): "\(repository) has no file \(path)"
            }
        let more = names.count > 20 ? ", and \(names.count - 20) more" : ""
        return "\(what): " + names.prefix(20).joined(separator: ", ") + more
    }
}
