@conformance @parallel
Feature: The content of a letter
  A link is followed, changed, and used again after it has expired.

  Scenario: The content of letters is fetched
    When the harness sends the probes of these checks
      | C-DATA             | A letter's link                            |
      | C-DATA-LOCATION    | Every 303 carries its link                 |
      | C-DATA-UNKNOWN     | The link of a letter that is not there     |
      | C-DATA-MISSING-PDF | The link of a letter whose PDF is missing  |
      | C-HASH             | List, letter and content agree on the hash |
      | C-LINK             | A fresh link gives the content             |
      | C-LINK-AGAIN       | A link can be followed more than once    |
      | C-DOWNLOAD-TYPE    | A PDF has the right media type                  |
      | C-LINK-EXPIRED     | An expired link gives nothing              |
      | C-LINK-TAMPERED    | A changed link gives nothing               |
      | C-LINK-HEAD        | HEAD on a link                             |
    Then these checks hold
