/// Names of the model as names of Swift.
enum SwiftNames {
    /// Words that must stand in backticks where a name is due.
    private static let keywords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "inout", "internal",
        "let", "open", "operator", "private", "precedencegroup", "protocol", "public", "rethrows", "static", "struct",
        "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else",
        "fallthrough", "for", "guard", "if", "in", "repeat", "return", "throw", "switch", "where", "while", "as",
        "false", "is", "nil", "super", "throws", "true", "try", "any", "some", "await", "async", "package",
    ]
    /// Members that Swift keeps for itself, or that the generated code uses.
    private static let reservedMembers: Set<String> = [
        "self", "Self", "init", "Type", "Protocol", "schema", "index", "member", "reader", "writer", "rawValue",
        "hashValue", "description", "reflecting",
    ]
    /// Types that generated code refers to by their plain names.
    private static let reservedTypes: Set<String> = [
        "Any", "AnyObject", "Array", "Bool", "Character", "Dictionary", "Double", "Error", "Float", "Hashable", "Int",
        "Int64", "Never", "Optional", "Protocol", "RawRepresentable", "Result", "Self", "Sendable", "Set", "String",
        "Type", "UInt8", "Void", "Document", "MemberSchema", "OperationSchema", "OperationBinding", "ReadableShape",
        "RequestContext", "ResourceAccess", "SchemaText", "ServiceBinding", "ServiceError", "ServiceSchema",
        "ShapeError", "ShapeReader", "ShapeSchema", "ShapeWriter", "Timestamp", "WritableShape", "BoundShape",
    ]
    private static let acronyms: [String: String] = ["Arn": "ARN", "Arns": "ARNs", "Id": "ID", "Ids": "IDs", "Url": "URL"]

    /// A shape's type: capitalised, `Shape` behind a name that is taken.
    static func type(_ name: String) -> String {
        let cleaned = self.cleaned(name)
        let capitalised = cleaned.prefix(1).uppercased() + cleaned.dropFirst()
        return self.reservedTypes.contains(capitalised) ? capitalised + "Shape" : capitalised
    }

    /// A member, an operation's function or an enumeration's constant: lower camel case, acronyms whole.
    static func member(_ name: String) -> String {
        let words = self.words(self.cleaned(name))
        var result = words.enumerated().map { index, word in
            if index == 0 { return word.lowercased() }
            return self.acronyms[word] ?? word
        }.joined()
        if result.first?.isNumber ?? true { result = "_" + result }
        if self.reservedMembers.contains(result) { return result + "_" }
        return self.keywords.contains(result) ? "`\(result)`" : result
    }

    /// Constants of `PAY_PER_REQUEST`, `TrimHorizon`, `2012-10-17`, `s3:PutObject`.
    static func constant(_ value: String) -> String {
        let parts = value.split { !$0.isLetter && !$0.isNumber }
        let camel = parts.enumerated().map { index, part in
            let isShouting = !part.contains(where: \.isLowercase)
            let word = isShouting ? part.lowercased() : String(part)
            return index == 0 ? word : word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
        return self.member(camel.isEmpty ? "empty" : camel)
    }

    private static func cleaned(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }

    /// `SSEDescription` is `SSE`, `Description`; `TableArn` is `Table`, `Arn`.
    private static func words(_ name: String) -> [String] {
        var words: [String] = []
        var word = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            let previous = index > 0 ? characters[index - 1] : nil
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            let startsWord =
                character.isUppercase
                && (previous.map { !$0.isUppercase } ?? false || (next?.isLowercase ?? false && index > 0))
            if startsWord, !word.isEmpty {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
