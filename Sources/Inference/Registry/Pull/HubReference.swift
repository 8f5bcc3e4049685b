internal import Primitives

/// What to pull: a model of a hub, or a file at a URL.
package enum PullReference: Sendable, Equatable {
    case hub(HubReference)
    /// A file on any host; its content can only be verified with a digest from the user.
    case address(FetchURL)

    /// Parses `hf.co/org/repo`, `hf.co/org/repo:Q4_K_M`, `hf.co/org/repo/file.gguf`, the same without the host, URLs of
    /// pages of huggingface.co, and other URLs of files.
    /// - Returns: nil for text without a slash, which may be a name of the catalogue.
    package init?(_ text: String) throws(RegistryError) {
        guard text.contains("/") else { return nil }
        var rest = text[...]
        if let url = FetchURL(text) {
            guard HubReference.hosts.contains(url.host) else {
                self = .address(url)
                return
            }
            rest = text[...].dropFirst(url.isTLS ? 8 : 7)
        } else if text.contains("://") {
            throw RegistryError(
                .usage,
                "\(AddressText.withoutSecrets(text)) cannot be pulled: only http and https addresses without user and "
                    + "password can; Hugging Face's token goes into HF_TOKEN")
        }
        for host in HubReference.hosts where rest.lowercased().hasPrefix(host + "/") {
            rest = rest.dropFirst(host.count + 1)
        }
        if rest.hasPrefix("hf:") { rest = rest.dropFirst(3) }
        guard let reference = HubReference(path: rest) else {
            throw RegistryError(
                .usage,
                "\(text) is not a model: use hf.co/<organisation>/<repository>, followed by :Q4_K_M or /file.gguf if "
                    + "there are several")
        }
        self = .hub(reference)
    }
}

/// A model in a repository of Hugging Face's hub, or of a mirror.
package struct HubReference: Sendable, Equatable {
    static let hosts = ["huggingface.co", "hf.co", "www.huggingface.co"]

    /// The files of a repository to select.
    package enum Selection: Sendable, Equatable {
        /// The best available one of the usual quantisations.
        case usual
        /// Such as `Q4_K_M`.
        case quantisation(String)
        /// A path in the repository.
        case file(String)
    }

    /// `organisation/repository`
    package var repository: String
    package var selection: Selection
    /// A branch, a tag or a commit.
    package var revision: String

    package init(repository: String, selection: Selection = .usual, revision: String = "main") {
        self.repository = repository
        self.selection = selection
        self.revision = revision
    }

    /// Parses `org/repo`, `org/repo:QUANT`, `org/repo/path/file.gguf`, and `org/repo/blob/REVISION/path/file.gguf` as
    /// in the URLs of the hub's pages.
    init?(path: Substring) {
        var path = path.prefix { $0 != "?" && $0 != "#" }
        while path.hasSuffix("/") { path = path.dropLast() }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }) else { return nil }
        var selection = Selection.usual
        if parts.count == 2, let colon = parts[1].firstIndex(of: ":") {
            let quantisation = parts[1][parts[1].index(after: colon)...]
            guard Self.isLawfulPart(quantisation) else { return nil }
            selection = .quantisation(String(quantisation))
            parts[1] = parts[1][..<colon]
        }
        guard Self.isLawfulPart(parts[0]), Self.isLawfulPart(parts[1]) else { return nil }
        self.init(repository: "\(parts[0])/\(parts[1])", selection: selection)
        guard parts.count > 2 else { return }
        var file = parts[2...]
        if ["blob", "resolve", "tree"].contains(parts[2]) {
            guard parts.count > 3 else { return nil }
            self.revision = PercentEncoding.decodeText(parts[3]) ?? String(parts[3])
            file = parts[4...]
        }
        guard !file.isEmpty else { return }
        self.selection = .file(PercentEncoding.decodeText(file.joined(separator: "/")) ?? file.joined(separator: "/"))
    }

    private static func isLawfulPart(_ text: Substring) -> Bool {
        (1...96).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "._-".utf8.contains($0) }
    }

    /// The reference as text, for the record.
    package var text: String {
        switch self.selection {
        case .usual: "hf.co/\(self.repository)"
        case .quantisation(let name): "hf.co/\(self.repository):\(name)"
        case .file(let path) where self.revision == "main": "hf.co/\(self.repository)/\(path)"
        case .file(let path): "hf.co/\(self.repository)/resolve/\(self.revision)/\(path)"
        }
    }
}
