/// Names of the model as names of Swift.
enum SwiftNames {
    /// Words that must stand in backticks where a name is due.
    private static let keywords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "inout", "internal",
        "let", "open", "operator", "private", "precedencegroup", "protocol", "public", "rethrows", "static", "struct",
        "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else",
        "fallthrough", "for", "guard", "if", "in", "repeat", "return", "throw", "switch", "where", "while", "as",
        "false", "is", "nil", "super", "throws", "true", "try", "any", "await", "async", "package",
    ]
    /// Members that Swift keeps for itself, or that generated functions use for their own variables.
    private static let reservedMembers: Set<String> = [
        "self", "init", "schema", "index", "member", "reader", "writer",
    ]
    /// `.none` of an optional enumeration would silently be the optional's own; the others the type has itself.
    private static let reservedConstants: Set<String> = ["none", "some", "rawValue", "hashValue"]
    /// Types that generated code, or every handler, refers to by their plain names.
    private static let reservedTypes: Set<String> = [
        "Any", "AnyObject", "EventSender", "EventStream", "StreamedShape", "Array", "Bool", "Character", "Dictionary",
        "Double", "Error", "Float", "Hashable", "Int",
        "Int64", "Never", "Optional", "Protocol", "RawRepresentable", "Result", "Self", "Sendable", "Set", "String",
        "Substring", "Type", "UInt8", "Void", "Document", "Indirect", "MemberSchema", "OperationSchema",
        "OperationBinding", "Paginator", "ReadableShape", "RequestContext", "ResourceAccess", "SchemaText",
        "ServiceBinding", "ServiceError", "ServiceModel", "ServiceSchema", "ShapeError", "ShapeReader", "ShapeSchema",
        "ShapeWriter", "Timestamp", "WritableShape", "BoundShape", "Primitives", "Swift",
    ]
    private static let acronyms = [
        "Arn": "ARN", "Arns": "ARNs", "Id": "ID", "Ids": "IDs", "Url": "URL", "Urls": "URLs",
    ]

    /// A shape's type: capitalised, `Shape` behind a name that is taken.
    static func type(_ name: String) -> String {
        let cleaned = self.cleaned(name)
        let capitalised = cleaned.prefix(1).uppercased() + cleaned.dropFirst()
        let named = capitalised.first?.isLetter ?? false ? capitalised : "_" + capitalised
        return self.reservedTypes.contains(named) || named.allSatisfy({ $0 == "_" }) ? named + "Shape" : named
    }

    /// A member, an operation's function or an enumeration's constant: lower camel case, acronyms whole.
    static func member(_ name: String) -> String {
        let words = self.words(self.cleaned(name))
        var result = words.enumerated().map { index, word in
            if index == 0 { return word.lowercased() }
            return self.acronyms[word] ?? word
        }.joined()
        if result.first?.isNumber ?? true { result = "_" + result }
        if self.reservedMembers.contains(result) || result.allSatisfy({ $0 == "_" }) { result += "_" }
        if result == "_" { result = "__" }
        return self.keywords.contains(result) ? "`\(result)`" : result
    }

    /// A member's name before an argument, where hardly a word needs its backticks and the others are warned of.
    static func label(_ member: String) -> String {
        let bare = self.bare(member)
        return ["inout", "let", "var"].contains(bare) ? member : bare
    }

    /// The function of an operation.
    static func operation(_ name: String) -> String {
        let function = self.member(name)
        return ["access", "binding"].contains(function) ? function + "_" : function
    }

    /// Members of one structure: no two alike.
    static func members(_ names: [String]) -> [String] {
        self.unique(names.map(self.member))
    }

    /// Constants of one enumeration: `PAY_PER_REQUEST`, `TrimHorizon`, `2012-10-17`, `s3:PutObject`.
    static func constants(_ values: [String]) -> [String] {
        self.unique(values.map(self.constant))
    }

    private static func constant(_ value: String) -> String {
        let parts = value.split { !$0.isASCII || (!$0.isLetter && !$0.isNumber) }
        let camel = parts.enumerated().map { index, part in
            let isShouting = !part.contains(where: \.isLowercase)
            let word = isShouting ? part.lowercased() : String(part)
            return index == 0 ? word : word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
        let name = self.member(camel.isEmpty ? "empty" : camel)
        return self.reservedConstants.contains(name) ? name + "_" : name
    }

    private static func unique(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var name = name
            while !taken.insert(name).inserted { name = self.bare(name) + "_" }
            return name
        }
    }

    /// A name behind a dot needs no backticks.
    static func bare(_ name: String) -> String {
        name.replacing("`", with: "")
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
