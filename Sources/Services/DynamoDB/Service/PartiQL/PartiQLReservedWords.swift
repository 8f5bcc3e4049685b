/// Words that must be in double quotes to be names, except the keywords of DynamoDB's statements.
///
/// - Source: partiql-lang-kotlin, `LexerConstants.kt`, the parser that DynamoDB's documentation names.
enum PartiQLReservedWords {
    /// `word` is in lower case.
    static func contains(_ word: String) -> Bool {
        self.words.contains(word)
    }

    private static let words: Set<String> = Set(
        """
        absolute action add allocate alter any are assertion authorization avg begin bigint bit bit_length
        can_cast can_lossless_cast cascade cascaded case cast catalog char char_length character
        character_length check clob close coalesce collate collation column commit conflict connect connection
        constraint constraints continue convert corresponding count create cross current current_date
        current_time current_timestamp current_user cursor date date_add date_diff deallocate dec declare
        default deferrable deferred describe descriptor diagnostics disconnect distinct do domain double drop
        else end escape except exception exec execute external extract fetch first for foreign found full get
        global go goto grant identity immediate index indicator initially inner input insensitive int2 int4
        int8 integer2 integer4 integer8 intersect interval isolation key language last left level like local
        lower match max min module names national natural nchar next no nothing nullif octet_length of on only
        open option outer output overlaps pad partial pivot position precision prepare preserve primary prior
        privileges procedure public read real references relative restrict revoke right rollback rows schema
        scroll section session session_user sexp smallint some space sql sqlcode sqlerror sqlstate substring
        sum symbol system_user table temporary then time timestamp to transaction translate translation trim
        union unique unknown unpivot upper usage user using values varchar varying view when whenever with
        work write zone
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )
}
