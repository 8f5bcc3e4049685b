internal import Primitives

/// A pattern with `*` for any text, `?` for any one character, and policy variables such as `${aws:username}`.
package struct PolicyPattern: Sendable, Equatable {
    /// As written.
    package let text: String

    private enum Part: Sendable, Equatable {
        case character(Unicode.Scalar)
        case anyCharacter
        case anyText
        /// The value of a condition key, or a default if the request does not have it.
        case variable(name: String, otherwise: String?)
    }

    /// The pattern with its variables parsed; a character that stands for itself is one part.
    private let parts: [Part]
    private let hasVariables: Bool

    package init(_ text: String) {
        self.text = text
        self.parts = Self.parts(text)
        self.hasVariables = self.parts.contains { if case .variable = $0 { true } else { false } }
    }

    // Reading

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.first {
            if scalar == "$", let (part, count) = self.variable(rest) {
                parts.append(part)
                rest = rest.dropFirst(count)
                continue
            }
            rest = rest.dropFirst()
            switch scalar {
            case "*": parts.append(.anyText)
            case "?": parts.append(.anyCharacter)
            default: parts.append(.character(scalar))
            }
        }
        return parts
    }

    /// `${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}`, which stand for these characters themselves.
    private static func variable(_ text: Substring.UnicodeScalarView) -> (part: Part, count: Int)? {
        guard text.dropFirst().first == "{", let end = self.variableEnd(text) else { return nil }
        let body = text[text.index(text.startIndex, offsetBy: 2)..<end]
        let count = text.distance(from: text.startIndex, to: end) + 1
        if body.count == 1, let only = body.first, "*?$".unicodeScalars.contains(only) {
            return (.character(only), count)
        }
        let pieces = Substring(body).split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let name = pieces[0].filter { $0 != " " }
        guard !name.isEmpty else { return nil }
        guard pieces.count == 2 else { return (.variable(name: name, otherwise: nil), count) }
        let quoted = pieces[1].drop { $0 == " " }
        guard quoted.count >= 2, quoted.first == "'", quoted.last == "'" else { return nil }
        return (.variable(name: name, otherwise: String(quoted.dropFirst().dropLast())), count)
    }

    /// The closing brace. Outside quotes no name contains an opening one, so a search ends before the second variable
    /// after it, and a text of nothing but `${` is read in linear time.
    private static func variableEnd(_ text: Substring.UnicodeScalarView) -> String.Index? {
        var isQuoted = false
        for index in text.indices.dropFirst(2) {
            switch text[index] {
            case "}": return index
            case "{" where !isQuoted: return nil
            case "'": isQuoted.toggle()
            default: break
            }
        }
        return nil
    }

    /// The parts with variables replaced by the request's values; nil when the request lacks one.
    private func resolved(_ request: PolicyRequest, hasVariables: Bool) -> [Part]? {
        guard self.hasVariables else { return self.parts }
        guard hasVariables else {
            // In the first version of the language, a variable is literal text.
            return self.text.unicodeScalars.map {
                $0 == "*" ? .anyText : $0 == "?" ? .anyCharacter : .character($0)
            }
        }
        var parts: [Part] = []
        for part in self.parts {
            guard case .variable(let name, let otherwise) = part else {
                parts.append(part)
                continue
            }
            let values = request.values(of: name)
            guard let value = values?.count == 1 ? values?[0] : otherwise else { return nil }
            // A value from the request matches literally: its `*` and `?` are no wildcards.
            parts += value.unicodeScalars.map { .character($0) }
        }
        return parts
    }

    // Matching

    /// Whether an action matches; action names are case-insensitive.
    package func matchesAction(_ action: String) -> Bool {
        let folded = self.parts.map { part -> Part in
            guard case .character(let scalar) = part else { return part }
            return .character(Self.lowercased(scalar))
        }
        return Self.matches(folded[...], Array(action.unicodeScalars.map(Self.lowercased))[...])
    }

    private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard scalar.isASCII else { return scalar }
        return Unicode.Scalar(ASCII.lowercased(UInt8(scalar.value)))
    }

    /// Whether a text matches.
    func matches(_ text: String, _ request: PolicyRequest, hasVariables: Bool) -> Bool {
        guard let parts = self.resolved(request, hasVariables: hasVariables) else { return false }
        return Self.matches(parts[...], Array(text.unicodeScalars)[...])
    }

    /// Whether a text is equal to the pattern, in which `*` and `?` are then no wildcards. Compared by Unicode scalars:
    /// texts that only look the same differ, as they do for the service whose values are compared.
    func equals(_ text: String, _ request: PolicyRequest, hasVariables: Bool, ignoresCase: Bool) -> Bool {
        guard let parts = self.resolved(request, hasVariables: hasVariables) else { return false }
        var own = String.UnicodeScalarView()
        for part in parts {
            switch part {
            case .character(let scalar): own.append(scalar)
            case .anyCharacter: own.append("?")
            case .anyText: own.append("*")
            case .variable: return false
            }
        }
        guard ignoresCase else { return own.elementsEqual(text.unicodeScalars) }
        return String(own).lowercased().unicodeScalars.elementsEqual(text.lowercased().unicodeScalars)
    }

    /// Whether an ARN matches: `*` alone matches every ARN; otherwise each of the six parts is matched separately.
    func matchesARN(_ arn: String, _ request: PolicyRequest, hasVariables: Bool) -> Bool {
        guard let parts = self.resolved(request, hasVariables: hasVariables) else { return false }
        if parts == [.anyText] { return true }
        let own = Self.split(parts[...]) { $0 == .character(":") }
        let given = Self.split(Array(arn.unicodeScalars)[...]) { $0 == ":" }
        guard own.count == 6, given.count == 6 else { return false }
        return zip(own, given).allSatisfy { Self.matches($0, $1) }
    }

    /// Whether a resource ARN matches: part by part, except that a `*` at the end of a part after the service also
    /// matches colons, so that `arn:aws:dynamodb:*` matches every resource of DynamoDB.
    ///
    /// - Source: IAM User Guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs".
    func matchesResource(_ arn: String, _ request: PolicyRequest, hasVariables: Bool) -> Bool {
        if self.matchesARN(arn, request, hasVariables: hasVariables) { return true }
        guard let parts = self.resolved(request, hasVariables: hasVariables), parts.contains(.anyText) else {
            return false
        }
        let own = parts.split(maxSplits: 3, omittingEmptySubsequences: false) { $0 == .character(":") }
        let given = Array(arn.unicodeScalars).split(maxSplits: 3, omittingEmptySubsequences: false) { $0 == ":" }
        guard own.count == 4, given.count == 4, zip(own, given).prefix(3).allSatisfy({ Self.matches($0, $1) }) else {
            return false
        }
        // What does not match even with every wildcard matching colons needs no closer look; nearly all mismatches end
        // here.
        guard Self.matches(own[3], given[3]) else { return false }
        return Self.matchesOverColons(Array(own[3]), given[3])
    }

    /// Matches what follows the service: region, account and resource.
    /// - Complexity: O(`parts` × `text`)
    private static func matchesOverColons(_ parts: [Part], _ text: ArraySlice<Unicode.Scalar>) -> Bool {
        // Wildcards within the resource match its colons, as those at the end of a part do.
        var mayTakeColon: [Bool] = []
        var colons = 0
        for (place, part) in parts.enumerated() {
            if part == .character(":") { colons += 1 }
            let isLast = place == parts.count - 1 || parts[place + 1] == .character(":")
            mayTakeColon.append(colons >= 2 || part == .anyText && isLast)
        }
        // The positions in the pattern that the text read so far can have reached.
        var places = [Bool](repeating: false, count: parts.count + 1)
        places[0] = true
        self.skipStars(&places, parts)
        for scalar in text {
            var next = [Bool](repeating: false, count: parts.count + 1)
            for (place, part) in parts.enumerated() where places[place] {
                switch part {
                case .anyText where scalar != ":" || mayTakeColon[place]: next[place] = true
                case .anyCharacter where scalar != ":" || mayTakeColon[place]: next[place + 1] = true
                case .character(scalar): next[place + 1] = true
                case .character, .anyCharacter, .anyText, .variable: break
                }
            }
            places = next
            self.skipStars(&places, parts)
        }
        return places[parts.count]
    }

    /// A `*` may match nothing.
    private static func skipStars(_ places: inout [Bool], _ parts: [Part]) {
        for (place, part) in parts.enumerated() where places[place] && part == .anyText { places[place + 1] = true }
    }

    /// Splits at the first five colons; the last part keeps its own.
    private static func split<Element>(
        _ elements: ArraySlice<Element>, _ isColon: (Element) -> Bool
    ) -> [ArraySlice<Element>] {
        elements.split(maxSplits: 5, omittingEmptySubsequences: false, whereSeparator: isColon)
    }

    /// Backtracks to the last `*` only.
    /// - Complexity: O(`parts` × `text`) at worst, without allocation.
    private static func matches(_ parts: ArraySlice<Part>, _ text: ArraySlice<Unicode.Scalar>) -> Bool {
        var part = parts.startIndex
        var place = text.startIndex
        // The last `*`, and the end of the text that it is currently assumed to match.
        var star: (part: Int, place: Int)?
        while place < text.endIndex {
            if part < parts.endIndex, parts[part] == .anyText {
                star = (part, place)
                part += 1
            } else if part < parts.endIndex, parts[part] == .anyCharacter || parts[part] == .character(text[place]) {
                part += 1
                place += 1
            } else if let last = star {
                star = (last.part, last.place + 1)
                part = last.part + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyText }
    }
}
